import { useCore, useHealth } from "../../api/settings";
import { duration } from "../../base/format";
import { Card, Count, CopyButton, Duration, ErrorState, Skeleton, StateMark } from "../../ui";
import { Facts } from "../parts";

/** The server: its version, its checks, the core's figures. */
export function AboutTab({ admin }: { admin: boolean }) {
  const health = useHealth();
  const core = useCore(admin);
  const checks = Object.entries(health.data?.checks ?? {});
  return (
    <div className="settings-cards">
      <Card title="Health" actions={health.data && <StateMark state={health.data.status === "ok" ? "ok" : "failed"} word={health.data.status === "ok" ? "Works" : "Something is down"} />}>
        {!health.data ? (
          health.error ? (
            <ErrorState error={health.error} onRetry={() => void health.refetch()} />
          ) : (
            <Skeleton lines={4} />
          )
        ) : (
          <ul className="plain-list">
            {checks.map(([name, check]) => (
              <li key={name}>
                <span className="settings-check">
                  <StateMark state={check.status === "ok" ? "ok" : check.status === "warning" ? "retrying" : "failed"} word={check.status === "ok" ? "OK" : check.status === "warning" ? "Warning" : "Down"} />
                </span>
                <strong>{name}</strong>
                <span className="settings-detail">{check.detail}</span>
                <span className="muted">{duration(check.durationMs)}</span>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Card title="This server">
        <Facts
          facts={[
            { name: "SJE", value: health.data?.version || "–" },
            { name: "Address", value: <span className="row">{location.origin} <CopyButton text={location.origin} label="Copy address" /></span> },
            { name: "API", value: <><a href="/docs">Reference</a>, <a href="/openapi/v1.json">OpenAPI document</a></> },
            { name: "Hangfire", value: <a href="/hangfire">Dashboard</a> },
            { name: "Licence", value: "MIT" },
          ]}
        />
      </Card>
      {admin && (
        <>
          <Card title="Work, over all servers">
            {!core.data ? (
              core.error ? <ErrorState error={core.error} onRetry={() => void core.refetch()} /> : <Skeleton lines={6} />
            ) : (
              <>
                <Facts
                  facts={[
                    { name: "Executions running", value: <Count value={core.data.load.runningExecutions} /> },
                    { name: "Tasks waiting", value: <Count value={core.data.load.queues.reduce((sum, queue) => sum + queue.queued + queue.waitingRetry, 0)} /> },
                    { name: "Tasks running", value: <Count value={core.data.load.queues.reduce((sum, queue) => sum + queue.runningBackground + queue.runningDirect, 0)} /> },
                    { name: "Dead letters", value: <Count value={core.data.load.deadLetters} /> },
                    { name: "Workers", value: <Count value={core.data.load.workers.length} /> },
                    ...Object.entries(core.data.load.waitingByPriority).map(([priority, count]) => ({ name: `Waiting at priority ${priority}`, value: <Count value={count} /> })),
                  ]}
                />
                {!core.data.load.exact && <p className="muted settings-below">There is so much that some figures are estimates from a sample.</p>}
              </>
            )}
          </Card>
          <Card title="This process, since it started">
            {core.data ? (
              <Facts
                facts={[
                  { name: "Tasks claimed", value: <Count value={core.data.process.tasksClaimed} /> },
                  { name: "Attempts started", value: <Count value={core.data.process.attemptsStarted} /> },
                  { name: "Attempts ended", value: <Count value={core.data.process.attemptsEnded} /> },
                  { name: "Retries", value: <Count value={core.data.process.retries} /> },
                  { name: "Workers lost", value: <Count value={core.data.process.workersLost} /> },
                  { name: "Takeovers", value: <Count value={core.data.process.takeovers} /> },
                  { name: "A claim takes", value: <Latency figures={core.data.process.claimLatency} /> },
                  { name: "Waits for a worker", value: <Latency figures={core.data.process.dispatchLatency} /> },
                ]}
              />
            ) : (
              <Skeleton lines={6} />
            )}
          </Card>
        </>
      )}
    </div>
  );
}

function Latency({ figures }: { figures: { count: number; p50Ms: number; p99Ms: number } | null }) {
  if (!figures) return <span className="muted">nothing was measured yet</span>;
  return (
    <>
      <Duration ms={figures.p50Ms} /> typically, <Duration ms={figures.p99Ms} /> at p99
    </>
  );
}
