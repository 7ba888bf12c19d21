import type { ExecutionDetail, TaskItem } from "../../api/executions";
import { Button, IconButton, PageLink } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { StateIcon, StateMark } from "../../ui/StateMark";
import { CopyButton, Duration, Time, useNow } from "../../ui/values";
import { relative } from "../../base/format";
import type { ExecutionActions } from "./actions";
import { endOf, tailOf, tellingTail } from "./failure";
import { failuresOf, hasFailed } from "./focus";
import { waitingOf } from "./waiting";

/**
 * The answer to why the execution is as it is, about the focused task: its error in full, what it waits for, when it is tried again, who
 * cancelled it. Nothing where all is well.
 */
export function Answer({
  execution,
  tasks,
  task,
  actions,
  onFocus,
}: {
  execution: ExecutionDetail;
  tasks: readonly TaskItem[];
  task: TaskItem | undefined;
  actions: ExecutionActions;
  onFocus(task: string): void;
}) {
  const failures = failuresOf(tasks);
  const waiting = waitingOf(execution, task);
  if (task && (hasFailed(task) || (task.state === "waiting_retry" && task.error))) {
    return <Failure failures={failures} task={task} actions={actions} onFocus={onFocus} />;
  }
  if (waiting && task) {
    return (
      <section className="xp-answer xp-answer-waiting" aria-label="Why it waits">
        <StateIcon state={task.state} />
        <div>
          <h2>{waiting.title}</h2>
          <p className="muted">{waiting.reason}</p>
        </div>
        {actions.allows("skip", task) && tasks.length > 1 && (
          <Button icon="skip" onClick={() => void actions.skip(task)}>
            Skip task
          </Button>
        )}
      </section>
    );
  }
  if (execution.state === "cancelled" || (execution.cancelRequestedAt && !execution.finishedAt)) {
    return (
      <section className="xp-answer xp-answer-cancelled" aria-label="Why it was cancelled">
        <StateIcon state="cancelled" />
        <div>
          <h2>{execution.finishedAt ? "Cancelled" : "Being cancelled: running tasks are stopped"}</h2>
          <p className="muted">
            {execution.cancelReason ?? "without a reason"} <Time at={execution.cancelRequestedAt} show="relative" none="" />
          </p>
        </div>
      </section>
    );
  }
  if (task?.state === "skipped" || task?.state === "cancelled") {
    return (
      <section className="xp-answer xp-answer-cancelled" aria-label="Why it did not run">
        <StateIcon state={task.state} />
        <div>
          <h2>
            {task.name} was {task.state}
          </h2>
          <p className="muted">{task.reason ?? "without a reason"}</p>
        </div>
      </section>
    );
  }
  return null;
}

function Failure({
  failures,
  task,
  actions,
  onFocus,
}: {
  failures: readonly TaskItem[];
  task: TaskItem;
  actions: ExecutionActions;
  onFocus(task: string): void;
}) {
  const at = failures.findIndex((one) => one.name === task.name);
  const error = task.error ?? {};
  const end = endOf(error);
  const tail = tellingTail(error);
  const text = error.message?.trim() || task.reason || tailOf(error) || end || "It says nothing.";
  const again = task.state === "waiting_retry";
  return (
    <section className={`xp-answer ${again ? "xp-answer-retrying" : "xp-answer-failed"}`} aria-label="Why it failed">
      <StateIcon state={task.state} />
      <div>
        <header className="xp-answer-head">
          <h2>
            {task.name} {again ? "will be tried again" : task.state === "timed_out" ? "timed out" : "failed"}
          </h2>
          <span className="muted">
            attempt {task.attempt} of {Math.max(task.attempt, task.maxAttempts)}
          </span>
          {error.class && <span className="xp-class">{error.class.replaceAll("_", " ")}</span>}
          {end && <code>{end}</code>}
          {again && task.nextAttemptAt && <NextTry at={task.nextAttemptAt} />}
          {failures.length > 1 && at >= 0 && (
            <span className="xp-answer-steps">
              <IconButton
                icon="left"
                label="Failure before"
                reason={at === 0 ? "This one came first" : undefined}
                onClick={() => onFocus(failures[at - 1]?.name ?? task.name)}
              />
              <span className="muted">
                {at === 0 ? "first" : at + 1} of {failures.length} failures
              </span>
              <IconButton
                icon="right"
                label="Failure after"
                reason={at === failures.length - 1 ? "This one came last" : undefined}
                onClick={() => onFocus(failures[at + 1]?.name ?? task.name)}
              />
            </span>
          )}
        </header>
        <pre className="xp-error" tabIndex={0} aria-label="Error text">
          {text}
          {tail && !text.includes(tail) && <span className="xp-tail">{tail}</span>}
        </pre>
        {task.reason && !task.reason.includes(text.replace(/\.$/, "")) && <p className="muted">{task.reason}</p>}
      </div>
      <div className="xp-answer-buttons">
        <CopyButton text={tail ? `${text}\n${tail}` : text} label="Copy the error" />
        {failures.length > 1 && actions.allows("requeue", task) && (
          <Button icon="retry" onClick={() => void actions.retryTask(task)}>
            Retry task
          </Button>
        )}
      </div>
    </section>
  );
}

function NextTry({ at }: { at: string }) {
  const now = useNow();
  const date = new Date(at);
  return <strong>{date <= now ? "next try now" : `next try ${relative(date, now)}`}</strong>;
}

/** What belongs to the focused task alone, in one line above its log. */
export function TaskFacts({ task, sparkUi }: { task: TaskItem; sparkUi: string | undefined }) {
  return (
    <div className="xp-task-facts">
      <StateMark state={task.state} />
      <strong className="ellipsis">{task.name}</strong>
      <span className="muted">{task.type}</span>
      {task.startedAt && <Duration from={task.startedAt} to={task.finishedAt} />}
      {task.worker && (
        <span className="ellipsis">
          <span className="muted">on</span> {task.worker}
        </span>
      )}
      {task.progress != null && task.state === "running" && <span>{Math.round(task.progress * 100)} %</span>}
      {task.progressMessage && task.state === "running" && <span className="muted ellipsis">{task.progressMessage}</span>}
      {task.lost > 0 && <span className="muted">lost its worker {task.lost === 1 ? "once" : `${task.lost} times`}</span>}
      {task.dependsOn.length > 0 && (
        <span className="muted ellipsis" title={task.dependsOn.join(", ")}>
          after {task.dependsOn.length > 3 ? `${task.dependsOn.length} tasks` : task.dependsOn.join(", ")}
        </span>
      )}
      {task.backgroundJobId != null && (
        <a className="xp-out" href={task.backgroundJobUrl ?? `/hangfire/jobs/details/${task.backgroundJobId}`}>
          Hangfire job {task.backgroundJobId} <Icon name="external" size={12} />
        </a>
      )}
      {sparkUi && (
        <a className="xp-out" href={sparkUi}>
          Spark’s pages <Icon name="external" size={12} />
        </a>
      )}
    </div>
  );
}

/** Where a person goes from an address without an execution behind it. */
export function SearchInstead() {
  return <PageLink to="/executions">Look for it among the executions</PageLink>;
}
