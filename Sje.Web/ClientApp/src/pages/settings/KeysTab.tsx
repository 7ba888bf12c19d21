import { useState } from "react";
import { ApiError } from "../../api/client";
import type { KeyCreated, Role } from "../../api/schema";
import { createKey, revokeKey, settingKeys, useApiKeys, type Key } from "../../api/settings";
import { useUrl } from "../../base/url";
import { Button, Card, Checkbox, CopyButton, Dialog, EmptyState, Icon, IconButton, Select, StateMark, TextField, Time, useConfirm } from "../../ui";
import { DataTable, type Column } from "../../ui/DataTable";
import { refusal, useAct } from "../parts";

/** The keys that open this server: made here, shown once, ended here. */
export function KeysTab() {
  const keys = useApiKeys();
  const [url, setUrl] = useUrl();
  const act = useAct();
  const confirm = useConfirm();
  const [making, setMaking] = useState(false);
  const revoked = url.revoked === "true";
  const rows = keys.data?.filter((key) => revoked || !key.revokedAt);

  const revoke = async (key: Key) => {
    const live = keys.data?.filter((other) => !other.revokedAt && other.role === "admin") ?? [];
    const last = key.role === "admin" && live.length === 1;
    const sure = await confirm({
      title: `Revoke the key “${key.name}”?`,
      body: (
        <>
          <p>
            Whoever uses <code>sje_{key.prefix}_…</code> is refused within seconds, on every server. It cannot be taken back.
          </p>
          {last && <p>It is the last administrator's key: nobody will be able to manage keys here, only <code>sje keys</code> on the server's machine.</p>}
        </>
      ),
      action: "Revoke key",
      tone: "danger",
      typed: key.name,
    });
    if (sure) await act.run(key.id, () => revokeKey(key.id), { said: `Revoked the key “${key.name}”.`, keys: [settingKeys.keys] });
  };

  const columns: Column<Key>[] = [
    { id: "name", header: "Name", width: "minmax(110px, 2fr)", cell: (key) => <strong>{key.name}</strong> },
    { id: "prefix", header: "Begins with", width: "minmax(130px, 1fr)", cell: (key) => <span className="mono">sje_{key.prefix}_…</span> },
    { id: "role", header: "Role", width: "84px", cell: (key) => key.role },
    { id: "tenant", header: "Tenant", width: "minmax(80px, 1fr)", above: 640, cell: (key) => key.tenant },
    { id: "created", header: "Made", width: "120px", above: 760, cell: (key) => <Time at={key.createdAt} /> },
    { id: "used", header: "Last used", width: "120px", above: 520, cell: (key) => <Time at={key.lastUsedAt} show="relative" none="never" /> },
    { id: "state", header: "State", width: "110px", cell: (key) => <StateMark state={key.revokedAt ? "stopped" : "ok"} word={key.revokedAt ? "Revoked" : "Works"} /> },
    {
      id: "actions",
      header: <span className="visually-hidden">Actions</span>,
      width: "44px",
      align: "end",
      cell: (key) => !key.revokedAt && <IconButton icon="trash" label={`Revoke ${key.name}`} busy={act.busy === key.id} reason={refusal(key, "delete")} onClick={() => void revoke(key)} />,
    },
  ];
  return (
    <>
      <Card
        flush
        className="filling"
        title="API keys"
        actions={
          <>
            <Checkbox label="Show revoked ones" checked={revoked} onChange={(shown) => setUrl({ revoked: shown ? "true" : undefined })} />
            <Button icon="plus" onClick={() => setMaking(true)}>
              New key
            </Button>
          </>
        }
      >
        <DataTable
          label="API keys"
          rows={rows}
          columns={columns}
          rowKey={(key) => key.id}
          error={keys.error}
          onRetry={() => void keys.refetch()}
          rowClass={(key) => (key.revokedAt ? "settings-gone" : undefined)}
          rowKeys={[{ key: "Delete", help: "Revoke the key", run: (key) => void (key.revokedAt || refusal(key, "delete") ? undefined : revoke(key)) }]}
          empty={
            <EmptyState icon="key" title="No keys" actions={<Button icon="plus" onClick={() => setMaking(true)}>New key</Button>}>
              Without keys everybody on this machine may do everything, and the server listens nowhere else. The first key ends that: make an administrator's one and keep it.
            </EmptyState>
          }
        />
      </Card>
      {making && <NewKeyDialog first={keys.data?.every((key) => key.revokedAt) ?? false} onClose={() => setMaking(false)} />}
    </>
  );
}

function NewKeyDialog({ first, onClose }: { first: boolean; onClose(): void }) {
  const act = useAct();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>(first ? "admin" : "operator");
  const [tenant, setTenant] = useState("default");
  const [faults, setFaults] = useState<{ name?: string; tenant?: string }>({});
  const [made, setMade] = useState<KeyCreated>();

  const make = async () => {
    const wrong = {
      name: name.trim() === "" ? "Say whose key it is, or what uses it." : undefined,
      tenant: /^[a-z0-9_-]{1,50}$/.test(tenant) ? undefined : "A tenant has 1 to 50 characters of a-z, 0-9, _ and -.",
    };
    if (wrong.name || wrong.tenant) {
      setFaults(wrong);
      return;
    }
    await act.run(
      "make",
      async () => {
        try {
          setMade(await createKey(name.trim(), role, tenant));
        } catch (failure) {
          if (!(failure instanceof ApiError) || !failure.problem.errors?.length) throw failure;
          setFaults({ name: failure.at("/name"), tenant: failure.at("/tenant") });
        }
      },
      { keys: [settingKeys.keys] },
    );
  };

  if (made) {
    return (
      <Dialog title={`The key “${made.info.name}”`} onClose={onClose} footer={<Button tone="primary" onClick={onClose}>I have kept it</Button>}>
        <p>
          <strong>It is shown this once.</strong> The server keeps only a hash of it.
        </p>
        <div className="command settings-key">
          <code data-testid="new-key">{made.key}</code>
          <CopyButton text={made.key} label="Copy key" />
        </div>
        {first && (
          <div className="note">
            <Icon name="warning" />
            <div>This was the first key: from now on the server asks everybody for one, here too.</div>
          </div>
        )}
        <p className="muted">
          Send it as <code>Authorization: Bearer …</code> or <code>X-Api-Key</code>, or sign in with it here.
        </p>
      </Dialog>
    );
  }
  return (
    <Dialog
      title="New key"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button tone="primary" type="submit" form="key-form" busy={act.busy === "make"}>
            Make key
          </Button>
        </>
      }
    >
      <form
        id="key-form"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <TextField
          label="Name"
          help="Reasons and events name it as who did something."
          placeholder="ci, Ada, nightly-loader"
          maxLength={100}
          autoFocus
          value={name}
          error={faults.name}
          onChange={(value) => {
            setName(value);
            setFaults({});
          }}
        />
        <Select
          label="Role"
          value={role}
          onChange={(value) => setRole(value as Role)}
          options={[
            { value: "viewer", label: "Viewer: sees, changes nothing" },
            { value: "operator", label: "Operator: also starts, cancels, retries, pauses" },
            { value: "admin", label: "Administrator: also manages keys and the server" },
          ]}
          help={first && role !== "admin" ? "It is the first key: without an administrator's one nobody can manage keys here." : undefined}
        />
        <TextField label="Tenant" value={tenant} error={faults.tenant} onChange={setTenant} help="Whose jobs and executions it sees." />
      </form>
    </Dialog>
  );
}
