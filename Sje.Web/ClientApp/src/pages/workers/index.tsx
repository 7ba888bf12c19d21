import { useState } from "react";
import { drainWorker, pauseWorker, resumeWorker, useLiveWorkers, useNewestWorkers, workerKeys, type Worker } from "../../api/workers";
import { useUrl } from "../../base/url";
import { Button, Card, Checkbox, Count, EmptyState, IconButton, PageHead, StateMark, Time, useNow } from "../../ui";
import { DataTable, type Column } from "../../ui/DataTable";
import { PauseDialog, refusal, Stats, useAct } from "../parts";
import { Clusters } from "./Clusters";
import { isGone, listed, MEANINGS, WORDS } from "./condition";
import { CpuMeter, MemoryMeter, SlotMeter } from "./meters";
import { StartCommand } from "./StartCommand";
import { Chips, WorkerPanel } from "./WorkerPanel";
import "./workers.css";

/** Workers: who is there, how each is, what it runs; and the Spark clusters behind them. */
export default function WorkersPage() {
  const [url, setUrl] = useUrl();
  const all = url.gone === "true";
  const live = useLiveWorkers();
  const newest = useNewestWorkers();
  const now = useNow();
  const act = useAct();
  const [asked, setAsked] = useState<{ worker: Worker; verb: "pause" | "drain" }>();
  const [starting, setStarting] = useState(false);

  const found = live.data && newest.data && listed(live.data, newest.data, all, now);
  const rows = found?.filter((worker) => !url.queue || worker.queues.includes(url.queue) || worker.queues.includes("*"));
  const chosen = found?.find((worker) => worker.id === url.worker);

  const resume = (worker: Worker) =>
    act.run(worker.id, () => resumeWorker(worker.id), { said: `Resumed “${worker.name}”.`, undo: () => pauseWorker(worker.id), keys: [workerKeys.all] });
  const carryOut = ({ worker, verb }: { worker: Worker; verb: "pause" | "drain" }, reason: string) => {
    setAsked(undefined);
    void act.run(worker.id, () => (verb === "pause" ? pauseWorker(worker.id, reason) : drainWorker(worker.id, reason)), {
      said: verb === "pause" ? `Paused “${worker.name}”: it takes nothing new.` : `“${worker.name}” drains: it takes nothing new and gives back what does not end in time.`,
      undo: () => resumeWorker(worker.id),
      keys: [workerKeys.all],
    });
  };
  const toggle = (worker: Worker) => {
    if (isGone(worker.condition) || refusal(worker, worker.pausedAt ? "resume" : "pause")) return;
    if (worker.pausedAt) void resume(worker);
    else setAsked({ worker, verb: "pause" });
  };

  const columns: Column<Worker>[] = [
    {
      id: "condition",
      header: "State",
      width: "104px",
      cell: (worker) => {
        const { condition } = worker;
        return (
          <span title={MEANINGS[condition]}>
            <StateMark state={condition} word={WORDS[condition]} />
          </span>
        );
      },
    },
    { id: "name", header: "Worker", width: "minmax(110px, 1.3fr)", cell: (worker) => <strong title={`${worker.name} on ${worker.host}`}>{worker.name}</strong> },
    { id: "heartbeat", header: "Heartbeat", width: "92px", cell: (worker) => <Time at={worker.heartbeatAt} show="relative" /> },
    {
      id: "slots",
      header: "Slots",
      width: "minmax(110px, 1fr)",
      cell: (worker) =>
        isGone(worker.condition) ? (
          <span className="muted">–</span>
        ) : (
          <SlotMeter worker={worker} />
        ),
    },
    { id: "cpu", header: "CPU", width: "minmax(100px, 1fr)", above: 860, cell: (worker) => <CpuMeter worker={worker} gone={isGone(worker.condition)} /> },
    { id: "memory", header: "Memory", width: "minmax(180px, 1.4fr)", above: 960, cell: (worker) => <MemoryMeter worker={worker} gone={isGone(worker.condition)} /> },
    { id: "queues", header: "Queues", width: "minmax(100px, 1.4fr)", above: 620, cell: (worker) => <Chips values={worker.queues} link={(queue) => (queue === "*" ? undefined : `/queues?queue=${queue}`)} /> },
    { id: "labels", header: "Labels", width: "minmax(70px, 1fr)", above: 1060, cell: (worker) => (worker.labels.length > 0 ? <Chips values={worker.labels} /> : <span className="muted">–</span>) },
    { id: "version", header: "Version", width: "60px", above: 760, cell: (worker) => worker.version },
    {
      id: "actions",
      header: <span className="visually-hidden">Actions</span>,
      width: "72px",
      align: "end",
      cell: (worker) => {
        const { condition } = worker;
        if (isGone(condition)) return null;
        return (
          <>
            {worker.pausedAt ? (
              <IconButton icon="play" label={`Resume ${worker.name}`} busy={act.busy === worker.id} reason={refusal(worker, "resume")} onClick={() => void resume(worker)} />
            ) : (
              <IconButton icon="pause" label={`Pause ${worker.name}`} busy={act.busy === worker.id} reason={refusal(worker, "pause")} onClick={() => setAsked({ worker, verb: "pause" })} />
            )}
            <IconButton
              icon="drain"
              label={`Drain ${worker.name}`}
              busy={act.busy === worker.id}
              reason={condition === "draining" ? "It drains already." : refusal(worker, "drain")}
              onClick={() => setAsked({ worker, verb: "drain" })}
            />
          </>
        );
      },
    },
  ];

  return (
    <div className="filling">
      <PageHead
        title="Workers"
        beside={url.queue && <QueueFilter queue={url.queue} onClear={() => setUrl({ queue: undefined })} />}
        actions={
          <>
            <Checkbox label="Show those that are gone" checked={all} onChange={(gone) => setUrl({ gone: gone ? "true" : undefined })} />
            <Button icon="plus" onClick={() => setStarting(!starting)} aria-expanded={starting}>
              Start a worker
            </Button>
          </>
        }
      />
      {starting && found && found.length > 0 && (
        <Card title="Start another worker" className="workers-start" actions={<IconButton icon="close" label="Close" onClick={() => setStarting(false)} />}>
          <StartCommand queues={url.queue ? [url.queue] : undefined} />
        </Card>
      )}
      {live.data && live.data.length > 0 && <WorkerStats workers={live.data} lost={listed([], newest.data ?? [], false, now).length} />}
      <div className="split">
        <Card flush>
          <DataTable
            label="Workers"
            rows={rows}
            columns={columns}
            rowKey={(worker) => worker.id}
            current={url.worker}
            onOpen={(worker) => setUrl({ worker: worker.id === url.worker ? undefined : worker.id })}
            error={live.error ?? newest.error}
            onRetry={() => {
              void live.refetch();
              void newest.refetch();
            }}
            rowClass={(worker) => (isGone(worker.condition) ? "workers-gone" : undefined)}
            rowKeys={[
              { key: "p", help: "Pause or resume the worker", run: toggle },
              {
                key: "d",
                help: "Drain the worker",
                run: (worker) => {
                  if (!isGone(worker.condition) && !refusal(worker, "drain")) setAsked({ worker, verb: "drain" });
                },
              },
            ]}
            empty={
              url.queue && found && found.length > 0 ? (
                <EmptyState title={`No worker serves “${url.queue}”`} actions={<Button onClick={() => setUrl({ queue: undefined })}>Show all workers</Button>}>
                  <StartCommand queues={[url.queue]} />
                </EmptyState>
              ) : (
                <EmptyState icon="workers" title="No workers connected">
                  <p>Jobs are accepted and wait. Start a worker on any machine that reaches the database:</p>
                  <StartCommand />
                </EmptyState>
              )
            }
          />
        </Card>
        {url.worker && (
          <WorkerPanel
            id={url.worker}
            known={chosen}
            onClose={() => setUrl({ worker: undefined })}
            onPause={(worker) => setAsked({ worker, verb: "pause" })}
            onDrain={(worker) => setAsked({ worker, verb: "drain" })}
          />
        )}
      </div>
      <Clusters />
      {asked && (
        <PauseDialog
          title={`${asked.verb === "pause" ? "Pause" : "Drain"} “${asked.worker.name}”?`}
          action={asked.verb === "pause" ? "Pause worker" : "Drain worker"}
          onClose={() => setAsked(undefined)}
          onPause={(reason) => carryOut(asked, reason)}
        >
          <p>{asked.verb === "pause" ? MEANINGS.paused : "It takes nothing new. What still runs when its grace is over goes back to the queue, with no failure counted."}</p>
          <p>
            It runs {asked.worker.running === 0 ? "nothing" : asked.worker.running === 1 ? "1 task" : `${asked.worker.running} tasks`} now.
          </p>
        </PauseDialog>
      )}
    </div>
  );
}

function QueueFilter({ queue, onClear }: { queue: string; onClear(): void }) {
  return (
    <span className="row">
      <span className="chip">queue {queue}</span>
      <IconButton icon="close" label="Show the workers of all queues" onClick={onClear} />
    </span>
  );
}

function WorkerStats({ workers, lost }: { workers: readonly Worker[]; lost: number }) {
  const sum = (of: (worker: Worker) => number) => workers.reduce((total, worker) => total + of(worker), 0);
  const of = (condition: string) => workers.filter((worker) => worker.condition === condition).length;
  const slots = sum((worker) => worker.slots);
  const direct = sum((worker) => worker.directSlots);
  const runningDirect = sum((worker) => worker.runningDirect);
  return (
    <Stats
      label="All workers"
      stats={[
        { name: "Alive", value: <Count value={workers.length} /> },
        { name: "Tasks running", value: <Count value={sum((worker) => worker.running)} /> },
        { name: "Free slots", value: <Count value={Math.max(0, slots - (sum((worker) => worker.running) - runningDirect))} />, note: `of ${slots.toLocaleString("en-US")}` },
        { name: "Free direct slots", value: <Count value={Math.max(0, direct - runningDirect)} />, note: `of ${direct.toLocaleString("en-US")}` },
        { name: "Suspect", value: <Count value={of("suspect")} />, state: of("suspect") > 0 ? "retrying" : undefined },
        { name: "Paused", value: <Count value={of("paused")} />, state: of("paused") > 0 ? "cancelled" : undefined },
        { name: "Draining", value: <Count value={of("draining")} />, state: of("draining") > 0 ? "retrying" : undefined },
        { name: "Lost in the last hour", value: <Count value={lost} />, state: lost > 0 ? "failed" : undefined },
      ]}
    />
  );
}
