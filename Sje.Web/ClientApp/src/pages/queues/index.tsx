import { useEffect, useState } from "react";
import { pauseQueue, queueKeys, resumeQueue, useCircuitBreakers, useQueues, type Queue } from "../../api/queues";
import { useUrl } from "../../base/url";
import { Button, ButtonLink, Card, Count, Duration, EmptyState, IconButton, Meter, PageHead, StateMark, Tabs, TextField } from "../../ui";
import { DataTable, type Column } from "../../ui/DataTable";
import { PauseDialog, refusal, Spark, Stats, useAct, useRoleRefusal } from "../parts";
import { BreakersTab, ConcurrencyTab, TenantsTab } from "./LimitTabs";
import { limitsInWords } from "./limits";
import { QueueDialog } from "./QueueDialog";
import { QueuePanel } from "./QueuePanel";
import "./queues.css";
import { addSamples, ratesOf, rateText, type Sample } from "./samples";
import { stateOf, STATE_WORDS } from "./state";

const TABS = ["queues", "keys", "tenants", "breakers"];

/** Queues: how much waits in each and for how long, why, and what limits it. */
export default function QueuesPage() {
  const [url, setUrl] = useUrl();
  const tab = TABS.includes(url.tab ?? "") ? (url.tab ?? "queues") : "queues";
  const breakers = useCircuitBreakers();
  const open = breakers.rows?.filter((breaker) => breaker.state !== "closed").length;
  const mayNot = useRoleRefusal("operator");
  const [making, setMaking] = useState(false);
  return (
    <div className="filling">
      <PageHead
        title="Queues"
        actions={
          <Button icon="plus" reason={mayNot} onClick={() => setMaking(true)}>
            New queue
          </Button>
        }
      />
      <Tabs
        label="Queues and limits"
        tabs={[
          { id: "queues", label: "Queues" },
          { id: "keys", label: "Concurrency keys" },
          { id: "tenants", label: "Tenants" },
          { id: "breakers", label: "Circuit breakers", count: open || undefined },
        ]}
        selected={tab}
        onSelect={(id) => setUrl({ tab: id === "queues" ? undefined : id, queue: undefined, q: undefined })}
      >
        {tab === "queues" && <QueuesTab />}
        {tab === "keys" && <ConcurrencyTab />}
        {tab === "tenants" && <TenantsTab />}
        {tab === "breakers" && <BreakersTab />}
      </Tabs>
      {making && (
        <QueueDialog
          onClose={() => setMaking(false)}
          onSaved={(name) => {
            setMaking(false);
            setUrl({ tab: undefined, queue: name });
          }}
        />
      )}
    </div>
  );
}

function QueuesTab() {
  const [url, setUrl] = useUrl();
  const list = useQueues();
  const act = useAct();
  const [samples, setSamples] = useState<ReadonlyMap<string, readonly Sample[]>>(new Map());
  const [pausing, setPausing] = useState<Queue>();
  const [editing, setEditing] = useState<Queue>();
  const { data, dataUpdatedAt } = list;

  useEffect(() => {
    if (data) setSamples((before) => addSamples(before, data.pages.flatMap((page) => page.items), dataUpdatedAt));
  }, [data, dataUpdatedAt]);

  const text = (url.q ?? "").trim().toLowerCase();
  const rows = list.rows?.filter((queue) => text === "" || queue.name.includes(text));
  const chosen = list.rows?.find((queue) => queue.name === url.queue);

  const resume = (queue: Queue) =>
    act.run(queue.name, () => resumeQueue(queue.name), {
      said: `Resumed “${queue.name}”.`,
      undo: () => pauseQueue(queue.name, queue.pauseReason ?? undefined),
      keys: [queueKeys.all],
    });
  const pause = (queue: Queue, reason: string) => {
    setPausing(undefined);
    void act.run(queue.name, () => pauseQueue(queue.name, reason), {
      said: `Paused “${queue.name}”: what runs goes on, nothing new starts.`,
      undo: () => resumeQueue(queue.name),
      keys: [queueKeys.all],
    });
  };
  const toggle = (queue: Queue) => {
    if (refusal(queue, queue.pausedAt ? "resume" : "pause")) return;
    if (queue.pausedAt) void resume(queue);
    else setPausing(queue);
  };

  const columns: Column<Queue>[] = [
    { id: "name", header: "Queue", width: "minmax(110px, 1.4fr)", cell: (queue) => <strong className="queues-name">{queue.name}</strong> },
    { id: "state", header: "State", width: "104px", cell: (queue) => <StateMark state={stateOf(queue)} word={STATE_WORDS[stateOf(queue)]} /> },
    {
      id: "running",
      header: "Running",
      width: "minmax(96px, 1fr)",
      cell: (queue) =>
        queue.maxRunning == null ? (
          <Count value={queue.running} />
        ) : (
          <Meter label={`Running tasks of ${queue.name}`} value={queue.running} max={queue.maxRunning} tone={queue.running >= queue.maxRunning ? "retrying" : "accent"} />
        ),
    },
    { id: "queued", header: "Waiting", width: "72px", align: "end", cell: (queue) => <Count value={queue.queued} /> },
    { id: "oldest", header: "Oldest", width: "72px", align: "end", cell: (queue) => <Duration ms={queue.oldestWaitSeconds == null ? undefined : queue.oldestWaitSeconds * 1000} /> },
    { id: "retry", header: "Retrying", width: "70px", align: "end", above: 620, cell: (queue) => <Count value={queue.waitingRetry} /> },
    { id: "rates", header: "In / out", width: "minmax(170px, 1fr)", above: 760, cell: (queue) => <Rates queue={queue} samples={samples.get(queue.name) ?? []} /> },
    { id: "limits", header: "Limits", width: "minmax(90px, 1.2fr)", above: 1000, cell: (queue) => <LimitWords queue={queue} /> },
    { id: "workers", header: "Workers", width: "68px", align: "end", above: 560, cell: (queue) => <Count value={queue.workers} /> },
    {
      id: "actions",
      header: <span className="visually-hidden">Actions</span>,
      width: "40px",
      align: "end",
      cell: (queue) =>
        queue.pausedAt ? (
          <IconButton icon="play" label={`Resume ${queue.name}`} busy={act.busy === queue.name} reason={refusal(queue, "resume")} onClick={() => void resume(queue)} />
        ) : (
          <IconButton icon="pause" label={`Pause ${queue.name}`} busy={act.busy === queue.name} reason={refusal(queue, "pause")} onClick={() => setPausing(queue)} />
        ),
    },
  ];

  return (
    <>
      {list.rows && list.rows.length > 0 && <QueueStats queues={list.rows} />}
      {(list.rows?.length ?? 0) > 8 || text ? (
        <div className="queues-filter">
          <TextField label="Filter queues by name" hideLabel type="search" placeholder="Filter by name" value={url.q ?? ""} onChange={(q) => setUrl({ q: q || undefined }, { replace: true })} />
        </div>
      ) : null}
      <div className="split">
        <Card flush>
          <DataTable
            label="Queues"
            rows={rows}
            columns={columns}
            rowKey={(queue) => queue.name}
            current={url.queue}
            onOpen={(queue) => setUrl({ queue: queue.name === url.queue ? undefined : queue.name })}
            error={list.error}
            onRetry={() => void list.refetch()}
            hasMore={list.hasNextPage}
            onMore={() => void list.fetchNextPage()}
            rowKeys={[
              { key: "p", help: "Pause or resume the queue", run: toggle },
              { key: "e", help: "Edit the limits of the queue", run: (queue) => refusal(queue, "edit") ?? setEditing(queue) },
            ]}
            empty={
              text ? (
                <EmptyState title="Nothing matches" actions={<Button onClick={() => setUrl({ q: undefined })}>Clear filter</Button>}>
                  No queue has “{url.q}” in its name.
                </EmptyState>
              ) : (
                <EmptyState icon="queues" title="No queues yet" actions={<ButtonLink to="/jobs">Jobs</ButtonLink>}>
                  A queue appears with the first job that names it; jobs that name none go to <code>default</code>.
                </EmptyState>
              )
            }
          />
        </Card>
        {chosen && (
          <QueuePanel
            queue={chosen}
            samples={samples.get(chosen.name) ?? []}
            onClose={() => setUrl({ queue: undefined })}
            onPause={() => setPausing(chosen)}
            onEdit={() => setEditing(chosen)}
          />
        )}
      </div>
      {pausing && (
        <PauseDialog title={`Pause “${pausing.name}”?`} action="Pause queue" onClose={() => setPausing(undefined)} onPause={(reason) => pause(pausing, reason)}>
          <p>
            Nothing starts from it until it is resumed. {pausing.running > 0 ? `The ${pausing.running === 1 ? "task" : `${pausing.running} tasks`} that ${pausing.running === 1 ? "runs goes" : "run go"} on; ` : ""}
            new tasks are still accepted.
          </p>
        </PauseDialog>
      )}
      {editing && <QueueDialog queue={editing} onClose={() => setEditing(undefined)} onSaved={() => setEditing(undefined)} />}
    </>
  );
}

function QueueStats({ queues }: { queues: readonly Queue[] }) {
  const sum = (of: (queue: Queue) => number) => queues.reduce((total, queue) => total + of(queue), 0);
  const oldest = Math.max(-1, ...queues.map((queue) => queue.oldestWaitSeconds ?? -1));
  const paused = queues.filter((queue) => queue.pausedAt).length;
  const unserved = queues.filter((queue) => stateOf(queue) === "failed").length;
  return (
    <Stats
      label="All queues"
      stats={[
        { name: "Waiting", value: <Count short value={sum((queue) => queue.queued)} /> },
        { name: "Oldest waits", value: <Duration ms={oldest < 0 ? undefined : oldest * 1000} /> },
        { name: "Running", value: <Count short value={sum((queue) => queue.running)} /> },
        { name: "Retrying", value: <Count short value={sum((queue) => queue.waitingRetry)} /> },
        { name: "In", value: rateText(sum((queue) => ratesOf(queue).rateIn)) },
        { name: "Out", value: rateText(sum((queue) => ratesOf(queue).rateOut)) },
        { name: "Paused", value: <Count value={paused} />, state: paused > 0 ? "cancelled" : undefined },
        { name: "Without a worker", value: <Count value={unserved} />, state: unserved > 0 ? "failed" : undefined },
      ]}
    />
  );
}

function Rates({ queue, samples }: { queue: Queue; samples: readonly Sample[] }) {
  const { rateIn, rateOut } = ratesOf(queue);
  return (
    <span className="queues-rates">
      <Spark
        label={`in ${rateText(rateIn)}, out ${rateText(rateOut)}`}
        lines={[
          { values: samples.map((sample) => sample.rateIn), colour: "--accent" },
          { values: samples.map((sample) => sample.rateOut), colour: "--state-success", dashed: true },
        ]}
      />
      <span aria-hidden="true">
        {rateText(rateIn)} / {rateText(rateOut)}
      </span>
    </span>
  );
}

function LimitWords({ queue }: { queue: Queue }) {
  const words = limitsInWords(queue).join(" · ");
  return words ? <span title={words}>{words}</span> : <span className="muted">–</span>;
}
