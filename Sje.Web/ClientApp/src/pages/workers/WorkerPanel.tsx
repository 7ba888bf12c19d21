import { ApiError } from "../../api/client";
import { resumeWorker, useWorker, workerKeys, type Worker } from "../../api/workers";
import { Button, Bytes, CopyButton, Duration, EmptyState, ErrorState, Icon, Meter, PageLink, Skeleton, StateMark, Time } from "../../ui";
import { Facts, Panel, refusal, useAct } from "../parts";
import { isGone, MEANINGS, WORDS } from "./condition";
import { CpuMeter, MemoryMeter, SlotMeter } from "./meters";

/** One worker: how it is, what it offers, what it runs now. */
export function WorkerPanel({ id, known, onClose, onPause, onDrain }: { id: string; known?: Worker; onClose(): void; onPause(worker: Worker): void; onDrain(worker: Worker): void }) {
  const read = useWorker(id);
  const act = useAct();
  const worker = read.data ?? known;
  if (!worker) {
    return (
      <Panel title="Worker" onClose={onClose}>
        {read.error instanceof ApiError && read.error.isNotFound ? (
          <EmptyState title="No such worker">It may have been gone for so long that it was forgotten.</EmptyState>
        ) : read.error ? (
          <ErrorState error={read.error} onRetry={() => void read.refetch()} />
        ) : (
          <Skeleton lines={8} />
        )}
      </Panel>
    );
  }
  const { condition } = worker;
  const gone = isGone(condition);
  const resume = () => act.run("resume", () => resumeWorker(worker.id), { said: `Resumed “${worker.name}”.`, keys: [workerKeys.all] });
  return (
    <Panel
      title={worker.name}
      beside={<StateMark state={condition} word={WORDS[condition]} />}
      onClose={onClose}
      actions={
        !gone && (
          <>
            {worker.pausedAt ? (
              <Button icon="play" tone="primary" busy={act.busy === "resume"} reason={refusal(worker, "resume")} onClick={() => void resume()}>
                Resume
              </Button>
            ) : (
              <Button icon="pause" reason={refusal(worker, "pause")} onClick={() => onPause(worker)}>
                Pause
              </Button>
            )}
            <Button icon="drain" reason={condition === "draining" ? "It drains already." : refusal(worker, "drain")} onClick={() => onDrain(worker)}>
              Drain
            </Button>
          </>
        )
      }
    >
      <div className={condition === "alive" ? "workers-meaning muted" : "note"}>
        {condition !== "alive" && <Icon name={gone ? "warning" : "info"} />}
        <div>
          {MEANINGS[condition]}
          {(condition === "paused" || condition === "draining") && worker.pausedAt && (
            <>
              {" "}
              Since <Time at={worker.pausedAt} show="relative" />
              {worker.pausedBy && `, by ${worker.pausedBy}`}
              {worker.pauseReason && `: ${worker.pauseReason}`}
            </>
          )}
        </div>
      </div>
      <CurrentTasks worker={worker} />
      <Facts
        facts={[
          { name: "Heartbeat", value: <Time at={worker.heartbeatAt} show="relative" /> },
          gone
            ? { name: "Ended", value: <Time at={worker.endedAt ?? worker.leaseUntil} show="full" /> }
            : { name: "Lease until", value: <Time at={worker.leaseUntil} show="time" /> },
          { name: "Up", value: <Duration from={worker.startedAt} to={gone ? (worker.endedAt ?? worker.leaseUntil) : undefined} /> },
          { name: "Slots", value: gone ? worker.slots : <SlotMeter worker={worker} /> },
          worker.directSlots > 0 && {
            name: "Direct slots",
            value: gone ? worker.directSlots : <Meter label="Direct slots in use" value={worker.runningDirect} max={worker.directSlots} />,
          },
          { name: "CPU", value: <CpuMeter worker={worker} gone={gone} /> },
          { name: "Memory", value: <MemoryMeter worker={worker} gone={gone} /> },
          { name: "Queues", value: <Chips values={worker.queues} link={(queue) => (queue === "*" ? undefined : `/queues?queue=${queue}`)} /> },
          { name: "Labels", value: worker.labels.length > 0 ? <Chips values={worker.labels} /> : <span className="muted">none</span> },
          { name: "Engines", value: <Chips values={worker.engines} /> },
          { name: "Host", value: `${worker.host}, process ${worker.processId}` },
          { name: "Version", value: worker.version },
          {
            name: "Id",
            value: (
              <span className="row">
                <span className="mono">{worker.id}</span> <CopyButton text={worker.id} label="Copy id" />
              </span>
            ),
          },
          { name: "Capacity", value: <>{worker.cpus} cpus, <Bytes value={worker.memoryBytes} /></> },
        ]}
      />
    </Panel>
  );
}

function CurrentTasks({ worker }: { worker: Worker }) {
  const tasks = worker.currentTasks;
  return (
    <section aria-label="Tasks that it runs">
      <h3>Running now</h3>
      {tasks.length === 0 ? (
        <p className="muted">Nothing.</p>
      ) : (
        <ul className="plain-list">
          {tasks.map((task) => (
            <li key={`${task.executionId} ${task.task}`}>
              <StateMark state="running" compact />
              <span className="workers-task">
                <PageLink to={`/executions/${task.executionId}?task=${encodeURIComponent(task.task)}`}>
                  {task.execution}
                  {task.task !== "main" && ` · ${task.task}`}
                </PageLink>
                {task.attempt > 1 && <span className="muted"> attempt {task.attempt}</span>}
              </span>
              {task.progress != null && <span className="muted">{Math.round(task.progress * 100)} %</span>}
              <Duration from={task.startedAt} />
            </li>
          ))}
          {worker.running > tasks.length && <li className="muted">and {worker.running - tasks.length} more</li>}
        </ul>
      )}
    </section>
  );
}

export function Chips({ values, link }: { values: readonly string[]; link?: (value: string) => string | undefined }) {
  return (
    <span className="chips" title={values.join(", ")}>
      {values.map((value) => {
        const to = link?.(value);
        return to ? (
          <PageLink key={value} to={to} className="chip">
            {value}
          </PageLink>
        ) : (
          <span key={value} className="chip">
            {value}
          </span>
        );
      })}
    </span>
  );
}
