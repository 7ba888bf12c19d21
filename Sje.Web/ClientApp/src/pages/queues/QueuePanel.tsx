import { pauseQueue, queueKeys, resumeQueue, useWaiting, WAITING_SHOWN, type Queue } from "../../api/queues";
import { ApiError } from "../../api/client";
import { Button, Count, Duration, ErrorState, Icon, PageLink, Skeleton, StateMark, Time } from "../../ui";
import { Facts, Panel, refusal, Spark, useAct } from "../parts";
import { limitsInWords } from "./limits";
import { groupReasons } from "./reasons";
import { ratesOf, rateText, type Sample } from "./samples";
import { stateOf, STATE_WORDS } from "./state";

/** One queue: why its tasks wait, how fast it is, what limits it. */
export function QueuePanel({ queue, samples, onClose, onPause, onEdit }: { queue: Queue; samples: readonly Sample[]; onClose(): void; onPause(): void; onEdit(): void }) {
  const act = useAct();
  const state = stateOf(queue);
  const limits = limitsInWords(queue);
  const { rateIn, rateOut } = ratesOf(queue);
  const name = encodeURIComponent(queue.name);
  const resume = () =>
    act.run("resume", () => resumeQueue(queue.name), {
      said: `Resumed “${queue.name}”.`,
      undo: () => pauseQueue(queue.name, queue.pauseReason ?? undefined),
      keys: [queueKeys.all],
    });
  return (
    <Panel
      title={queue.name}
      beside={<StateMark state={state} word={STATE_WORDS[state]} />}
      onClose={onClose}
      actions={
        <>
          {queue.pausedAt ? (
            <Button icon="play" tone="primary" busy={act.busy === "resume"} reason={refusal(queue, "resume")} onClick={() => void resume()}>
              Resume
            </Button>
          ) : (
            <Button icon="pause" reason={refusal(queue, "pause")} onClick={onPause}>
              Pause
            </Button>
          )}
          <Button icon="edit" reason={refusal(queue, "edit")} onClick={onEdit}>
            Edit limits
          </Button>
        </>
      }
    >
      {queue.pausedAt && (
        <div className="note">
          <Icon name="pause" />
          <div>
            Paused <Time at={queue.pausedAt} show="relative" />
            {queue.pausedBy && ` by ${queue.pausedBy}`}
            {queue.pauseReason ? `: ${queue.pauseReason}` : "; no reason was given."}
          </div>
        </div>
      )}
      {!queue.pausedAt && queue.heldBecause && (
        <div className="note">
          <Icon name="warning" />
          <div>Nothing starts now: {queue.heldBecause}.</div>
        </div>
      )}
      <Facts
        facts={[
          { name: "Waiting", value: <StateLink value={queue.queued} to={`/executions?queue=${name}&state=queued`} /> },
          { name: "Running", value: <StateLink value={queue.running} to={`/executions?queue=${name}&state=running`} /> },
          { name: "Retrying", value: <StateLink value={queue.waitingRetry} to={`/executions?queue=${name}&state=retrying`} /> },
          { name: "Blocked on others", value: <Count value={queue.blocked} /> },
          { name: "Oldest waits", value: queue.oldestWaitSeconds == null ? <span className="muted">nothing waits</span> : <Duration ms={queue.oldestWaitSeconds * 1000} /> },
          { name: "Limits", value: limits.length > 0 ? limits.join(" · ") : <span className="muted">none</span> },
          { name: "Lane", value: queue.lane },
          { name: "Live workers", value: queue.workers === 0 ? <StateMark state="lost" word="None serves it" /> : <PageLink to={`/workers?queue=${name}`}>{queue.workers}</PageLink> },
        ]}
      />
      <section>
        <h3>In and out</h3>
        <p className="queues-legend">
          <span className="queues-in">in {rateText(rateIn)}</span> <span className="queues-out">out {rateText(rateOut)}</span>
        </p>
        <div className="queues-wide">
          <Spark
            label={`Of the last minutes: tasks came at ${rateText(rateIn)} and ended at ${rateText(rateOut)}`}
            width={360}
            height={56}
            lines={[
              { values: samples.map((sample) => sample.rateIn), colour: "--accent" },
              { values: samples.map((sample) => sample.rateOut), colour: "--state-success", dashed: true },
            ]}
          />
        </div>
      </section>
      <WhyTheyWait queue={queue} />
    </Panel>
  );
}

function StateLink({ value, to }: { value: number; to: string }) {
  return value > 0 ? (
    <PageLink to={to}>
      <Count value={value} />
    </PageLink>
  ) : (
    <span>0</span>
  );
}

function WhyTheyWait({ queue }: { queue: Queue }) {
  const waiting = useWaiting(queue.name);
  const items = waiting.data?.items;
  const groups = groupReasons(items ?? []);
  return (
    <section aria-label="Why tasks wait">
      <h3>Why tasks wait</h3>
      {waiting.error instanceof ApiError && !items ? (
        <ErrorState error={waiting.error} onRetry={() => void waiting.refetch()} />
      ) : !items ? (
        <Skeleton lines={2} />
      ) : groups.length === 0 ? (
        <p className="muted">Nothing waits in this queue.</p>
      ) : (
        <>
          <ul className="plain-list">
            {groups.slice(0, 8).map((group) => (
              <li key={group.reason}>
                <span className="queues-count">
                  <Count value={group.count} />
                </span>
                <span className="queues-reason">{group.reason}</span>
                <PageLink to={`/executions/${group.sample}`} aria-label={`one of them: ${group.reason}`}>
                  one of them
                </PageLink>
              </li>
            ))}
          </ul>
          {items.length >= WAITING_SHOWN && <p className="muted">Of {WAITING_SHOWN} executions that wait.</p>}
        </>
      )}
    </section>
  );
}
