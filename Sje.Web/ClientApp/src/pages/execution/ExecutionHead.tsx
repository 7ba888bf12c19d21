import type { ReactNode } from "react";
import type { ExecutionDetail, TaskItem } from "../../api/executions";
import { Button, PageLink } from "../../ui/Button";
import { PageHead } from "../../ui/Card";
import { StateMark } from "../../ui/StateMark";
import { CopyButton, Duration, Meter, Time } from "../../ui/values";
import { notSucceeded, type ExecutionActions } from "./actions";
import { priorityWord, triggerOf } from "./trigger";
import { finalStates } from "./useExecutionPage";

/** Which execution this is, how it is, and what can be done to it. */
export function ExecutionHead({
  execution,
  tasks,
  actions,
  onRerun,
  onPlace,
}: {
  execution: ExecutionDetail;
  tasks: readonly TaskItem[];
  actions: ExecutionActions;
  onRerun(): void;
  onPlace(): void;
}) {
  const going = !finalStates.has(execution.state);
  const state = execution.cancelRequestedAt && going ? "cancelling" : execution.retrying ? "retrying" : execution.state;
  const trigger = triggerOf(execution);
  const again = notSucceeded(tasks).length;
  return (
    <>
      <PageHead
        title={execution.name}
        tab={execution.name}
        beside={
          <>
            <StateMark state={state} />
            {execution.label && <span className="muted ellipsis">{execution.label}</span>}
            <span className="xp-id">
              <code title={execution.id}>{execution.id.slice(0, 8)}</code>
              <CopyButton text={execution.id} label="Copy the execution's id" />
            </span>
          </>
        }
        actions={
          <>
            {(actions.allows("prioritize") || actions.allows("move")) && (
              <Button icon="priority" onClick={onPlace}>
                Place in line
              </Button>
            )}
            {actions.allows("rerun") && (
              <Button icon="rerun" onClick={onRerun}>
                Rerun…
              </Button>
            )}
            {actions.allows("retry") && (
              <Button icon="retry" tone="primary" busy={actions.busy} onClick={() => void actions.retry()}>
                {tasks.length > 1 && again > 0 ? `Retry ${again} ${again === 1 ? "task" : "tasks"}` : "Retry"}
              </Button>
            )}
            {actions.allows("cancel") && (
              <Button
                icon="stop"
                tone="danger"
                reason={execution.cancelRequestedAt ? "It is being cancelled" : undefined}
                onClick={() => void actions.cancel()}
              >
                Cancel
              </Button>
            )}
          </>
        }
      />
      <dl className="xp-facts">
        {execution.attempt > 0 && (
          <Fact name="Attempt">
            {execution.attempt} of {Math.max(execution.attempt, execution.maxAttempts)}
          </Fact>
        )}
        <Fact name={going ? (execution.startedAt ? "Running for" : "Waiting for") : "Took"}>
          {execution.startedAt || !going ? (
            <Duration from={execution.startedAt ?? execution.acceptedAt} to={execution.finishedAt} />
          ) : (
            <Duration from={execution.acceptedAt} />
          )}
        </Fact>
        <Fact name={execution.startedAt ? "Started" : "Accepted"}>
          <Time at={execution.startedAt ?? execution.acceptedAt} focusable />
        </Fact>
        <Fact name="Trigger">{trigger.to ? <PageLink to={trigger.to}>{trigger.words}</PageLink> : trigger.words}</Fact>
        {execution.jobVersion != null && (
          <Fact name="Job">
            <PageLink to={`/jobs/${encodeURIComponent(execution.name)}`}>version {execution.jobVersion}</PageLink>
          </Fact>
        )}
        <Fact name="Queue">
          <PageLink to={`/queues?queue=${encodeURIComponent(execution.queue)}`}>{execution.queue}</PageLink>
        </Fact>
        {execution.priority !== 0 && <Fact name="Priority">{priorityWord(execution.priority)}</Fact>}
        {execution.tags.length > 0 && (
          <Fact name="Tags">
            {execution.tags.map((tag) => (
              <PageLink key={tag} to={`/executions?tag=${encodeURIComponent(tag)}`} className="xp-tag">
                {tag}
              </PageLink>
            ))}
          </Fact>
        )}
        {going && execution.progress != null && (
          <Fact name="Progress">
            <span className="xp-progress">
              <Meter value={execution.progress} max={1} label="Progress" text={`${Math.round(execution.progress * 100)} %`} />
              {execution.progressMessage && <span className="muted ellipsis">{execution.progressMessage}</span>}
            </span>
          </Fact>
        )}
      </dl>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
