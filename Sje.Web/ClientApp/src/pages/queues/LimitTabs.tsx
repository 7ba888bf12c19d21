import { useState, type ReactNode } from "react";
import { ApiError } from "../../api/client";
import {
  forgetConcurrencyKey,
  queueKeys,
  resetBreaker,
  saveConcurrencyKey,
  saveTenant,
  useCircuitBreakers,
  useConcurrencyKeys,
  useTenants,
  type CircuitBreaker,
  type ConcurrencyKey,
  type Tenant,
} from "../../api/queues";
import { Button, Card, Count, Dialog, EmptyState, IconButton, Meter, StateMark, TextField, Time, useConfirm } from "../../ui";
import { DataTable, type Column } from "../../ui/DataTable";
import { refusal, useAct, useRoleRefusal } from "../parts";

/** Tasks that share something: how many may run at a time. */
export function ConcurrencyTab() {
  const list = useConcurrencyKeys();
  const mayNot = useRoleRefusal("operator");
  const act = useAct();
  const confirm = useConfirm();
  const [edited, setEdited] = useState<ConcurrencyKey | "new">();
  const forget = async (key: ConcurrencyKey) => {
    const sure = await confirm({
      title: `Forget “${key.name}”?`,
      body: <p>The next job that names it sets its limit anew.</p>,
      action: "Forget key",
      tone: "danger",
    });
    if (sure) await act.run(key.name, () => forgetConcurrencyKey(key.name), { said: `Forgot “${key.name}”.`, keys: [queueKeys.concurrency] });
  };
  const columns: Column<ConcurrencyKey>[] = [
    { id: "name", header: "Key", width: "minmax(120px, 2fr)", cell: (key) => <span className="mono">{key.name}</span> },
    { id: "running", header: "Running of limit", width: "minmax(150px, 2fr)", cell: (key) => <Meter label={`Running tasks of ${key.name}`} value={key.running} max={key.limit} tone={key.running >= key.limit ? "retrying" : "accent"} /> },
    { id: "waiting", header: "Waiting", align: "end", width: "80px", cell: (key) => <Count value={key.waiting} /> },
    { id: "by", header: "Limit set by", width: "110px", above: 640, cell: (key) => (key.setByHand ? "hand" : "the job") },
    { id: "updated", header: "Changed", width: "130px", above: 760, cell: (key) => <Time at={key.updatedAt} show="relative" /> },
    {
      id: "actions",
      header: <span className="visually-hidden">Actions</span>,
      width: "88px",
      align: "end",
      cell: (key) => (
        <>
          <IconButton icon="edit" label={`Edit the limit of ${key.name}`} reason={refusal(key, "edit", mayNot)} onClick={() => setEdited(key)} />
          <IconButton
            icon="trash"
            label={`Forget ${key.name}`}
            busy={act.busy === key.name}
            reason={refusal(key, "delete", key.running + key.waiting > 0 ? "Tasks that wait or run name it." : mayNot)}
            onClick={() => void forget(key)}
          />
        </>
      ),
    },
  ];
  return (
    <>
      <Card
        flush
        className="filling"
        title="Concurrency keys"
        actions={
          <Button icon="plus" reason={mayNot} onClick={() => setEdited("new")}>
            New key
          </Button>
        }
      >
        <DataTable
          label="Concurrency keys"
          rows={list.rows}
          columns={columns}
          rowKey={(key) => key.name}
          onOpen={(key) => refusal(key, "edit") ?? setEdited(key)}
          error={list.rows ? undefined : list.error}
          onRetry={() => void list.refetch()}
          hasMore={list.hasNextPage}
          onMore={() => void list.fetchNextPage()}
          empty={
            <EmptyState icon="link" title="No concurrency keys">
              Jobs that name the same key under <code>concurrency</code> share one limit, over all queues: say how many may use a database at a time.
            </EmptyState>
          }
        />
      </Card>
      {edited && <KeyDialog value={edited} onClose={() => setEdited(undefined)} />}
    </>
  );
}

function KeyDialog({ value, onClose }: { value: ConcurrencyKey | "new"; onClose(): void }) {
  const existing = value === "new" ? undefined : value;
  const [name, setName] = useState(existing?.name ?? "");
  return (
    <NumberDialog
      title={existing ? `Limit of “${existing.name}”` : "New concurrency key"}
      label="Tasks at a time"
      help="Over all queues and workers. Jobs that name the key no longer change it."
      most={1_000_000}
      initial={existing?.limit}
      pointer="/limit"
      before={existing ? undefined : <TextField label="Key" value={name} onChange={setName} autoFocus required />}
      save={(limit) => saveConcurrencyKey(existing?.name ?? name, limit)}
      said={(limit) => `“${existing?.name ?? name}” runs ${limit} at a time.`}
      queryKey={queueKeys.concurrency}
      onClose={onClose}
    />
  );
}

/** Asks for one whole number and saves it. */
function NumberDialog({
  title,
  label,
  help,
  most,
  initial,
  pointer,
  before,
  save,
  said,
  queryKey,
  onClose,
}: {
  title: string;
  label: string;
  help: string;
  most: number;
  initial?: number;
  pointer: string;
  before?: ReactNode;
  save(value: number): Promise<unknown>;
  said(value: number): string;
  queryKey: readonly unknown[];
  onClose(): void;
}) {
  const act = useAct();
  const [text, setText] = useState(initial === undefined ? "" : String(initial));
  const [fault, setFault] = useState<string>();
  const submit = async () => {
    const value = Number(text);
    if (!/^\d+$/.test(text.trim()) || value < 1 || value > most) {
      setFault(`A whole number from 1 to ${most.toLocaleString("en-US")}.`);
      return;
    }
    let refused: string | undefined;
    const ended = await act.run(
      "save",
      async () => {
        try {
          await save(value);
        } catch (failure) {
          refused = failure instanceof ApiError ? (failure.at(pointer) ?? (failure.status === 422 ? failure.message : undefined)) : undefined;
          if (!refused) throw failure;
        }
      },
      { keys: [queryKey], said: undefined },
    );
    if (refused) setFault(refused);
    else if (ended) {
      await act.run("said", () => Promise.resolve(), { said: said(value) });
      onClose();
    }
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button tone="primary" type="submit" form="number-form" busy={act.busy === "save"}>
            Save
          </Button>
        </>
      }
    >
      <form
        id="number-form"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {before}
        <TextField
          label={label}
          help={help}
          inputMode="numeric"
          value={text}
          error={fault}
          autoFocus={before === undefined}
          onChange={(value) => {
            setText(value);
            setFault(undefined);
          }}
        />
      </form>
    </Dialog>
  );
}

/** Tenants and what share of a queue each gets. */
export function TenantsTab() {
  const list = useTenants();
  const mayNot = useRoleRefusal("admin");
  const [edited, setEdited] = useState<Tenant>();
  const rows = list.rows;
  const weights = (rows ?? []).reduce((sum, tenant) => sum + tenant.weight, 0);
  const columns: Column<Tenant>[] = [
    { id: "name", header: "Tenant", width: "minmax(120px, 2fr)", cell: (tenant) => tenant.name },
    { id: "weight", header: "Weight", align: "end", width: "80px", cell: (tenant) => <Count value={tenant.weight} /> },
    {
      id: "share",
      header: "Share when all want to run",
      width: "minmax(160px, 2fr)",
      cell: (tenant) => <Meter label={`Share of ${tenant.name}`} value={tenant.weight} max={weights} text={`${Math.round((tenant.weight / Math.max(1, weights)) * 100)} %`} />,
    },
    { id: "running", header: "Running", align: "end", width: "90px", cell: (tenant) => <Count value={tenant.running} /> },
    { id: "waiting", header: "Waiting", align: "end", width: "90px", cell: (tenant) => <Count value={tenant.waiting} /> },
    { id: "since", header: "Since", width: "130px", above: 760, cell: (tenant) => <Time at={tenant.createdAt} /> },
    {
      id: "actions",
      header: <span className="visually-hidden">Actions</span>,
      width: "60px",
      align: "end",
      cell: (tenant) => <IconButton icon="edit" label={`Edit the weight of ${tenant.name}`} reason={refusal(tenant, "edit", mayNot)} onClick={() => setEdited(tenant)} />,
    },
  ];
  return (
    <>
      <Card flush className="filling" title="Tenants">
        <DataTable
          label="Tenants"
          rows={rows}
          columns={columns}
          rowKey={(tenant) => tenant.name}
          error={rows ? undefined : list.error}
          onRetry={() => void list.refetch()}
          hasMore={list.hasNextPage}
          onMore={() => void list.fetchNextPage()}
          empty={<EmptyState title="No tenants">A tenant appears with its first job.</EmptyState>}
        />
      </Card>
      {edited && (
        <NumberDialog
          title={`Weight of “${edited.name}”`}
          label="Weight"
          help="Twice the weight of another tenant is twice as many tasks of a queue, while both have some that wait."
          most={1000}
          initial={edited.weight}
          pointer="/weight"
          save={(weight) => saveTenant(edited.name, weight)}
          said={(weight) => `“${edited.name}” has weight ${weight}.`}
          queryKey={queueKeys.tenants}
          onClose={() => setEdited(undefined)}
        />
      )}
    </>
  );
}

const BREAKER_LOOK: Record<string, { state: string; word: string }> = {
  closed: { state: "ok", word: "Closed" },
  open: { state: "failed", word: "Open" },
  half_open: { state: "retrying", word: "Half open" },
};

/** What tasks depend on and has failed. */
export function BreakersTab() {
  const list = useCircuitBreakers();
  const mayNot = useRoleRefusal("operator");
  const act = useAct();
  const reset = (breaker: CircuitBreaker) =>
    act.run(breaker.target, () => resetBreaker(breaker.target), { said: `Closed the breaker of “${breaker.target}”: what waits for it may start.`, keys: [queueKeys.breakers] });
  const columns: Column<CircuitBreaker>[] = [
    { id: "target", header: "Target", width: "minmax(140px, 2fr)", cell: (breaker) => <span className="mono" title={breaker.target}>{breaker.target}</span> },
    {
      id: "state",
      header: "State",
      width: "110px",
      cell: (breaker) => <StateMark state={BREAKER_LOOK[breaker.state]?.state ?? breaker.state} word={BREAKER_LOOK[breaker.state]?.word} />,
    },
    { id: "until", header: "Tried again", width: "120px", cell: (breaker) => (breaker.state === "closed" ? <span className="muted">–</span> : <Time at={breaker.openUntil} show="relative" none="now, by one task" />) },
    { id: "failures", header: "Failures", align: "end", width: "80px", cell: (breaker) => <Count value={breaker.failures} /> },
    { id: "waiting", header: "Waiting", align: "end", width: "80px", cell: (breaker) => (breaker.waiting >= 1000 ? <span>1,000+</span> : <Count value={breaker.waiting} />) },
    { id: "error", header: "Last error", width: "minmax(160px, 3fr)", above: 760, cell: (breaker) => <span title={breaker.lastError ?? undefined}>{breaker.lastError ?? <span className="muted">–</span>}</span> },
    {
      id: "actions",
      header: <span className="visually-hidden">Actions</span>,
      width: "92px",
      align: "end",
      cell: (breaker) => (
        <Button
          icon="retry"
          busy={act.busy === breaker.target}
          reason={refusal(breaker, "reset", breaker.state === "closed" ? "It is closed: tasks start." : mayNot)}
          aria-label={`Reset the breaker of ${breaker.target}`}
          onClick={() => void reset(breaker)}
        >
          Reset
        </Button>
      ),
    },
  ];
  return (
    <Card flush className="filling" title="Circuit breakers">
      <DataTable
        label="Circuit breakers"
        rows={list.rows}
        columns={columns}
        rowKey={(breaker) => breaker.target}
        error={list.rows ? undefined : list.error}
        onRetry={() => void list.refetch()}
        hasMore={list.hasNextPage}
        onMore={() => void list.fetchNextPage()}
        empty={
          <EmptyState icon="bolt" title="No circuit breakers">
            One appears when a host or a connection that tasks depend on has failed. Nothing has.
          </EmptyState>
        }
      />
    </Card>
  );
}
