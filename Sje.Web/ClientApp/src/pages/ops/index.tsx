import "./ops.css";
import { useNavigate } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useMemo, useState } from "react";
import { messageOf } from "../../api/client";
import { useQueues } from "../../api/queues";
import { useSession } from "../../api/session";
import { useLiveWorkers } from "../../api/workers";
import { count, duration, instant, shortCount } from "../../base/format";
import { usePreferences } from "../../base/preferences";
import { parseRange, writeRange } from "../../base/range";
import { useUrl } from "../../base/url";
import { Button, PageLink } from "../../ui/Button";
import { Card, PageHead } from "../../ui/Card";
import { Select } from "../../ui/fields";
import { ErrorState, Skeleton } from "../../ui/placeholders";
import { StateIcon, StateMark } from "../../ui/StateMark";
import { lookOf } from "../../ui/states";
import { useToasts } from "../../ui/toasts";
import { CopyButton, Meter, Time } from "../../ui/values";
import { listStates } from "../executions/filters";
import { countOf, ranges, totalOf } from "../executions/query";
import { totalsOf } from "./chartData";
import { curlTo, runSample } from "./sample";
import { useNextSchedules, useOps, useRecentFailures } from "./useOps";

const Throughput = lazy(() => import("./Charts").then((charts) => ({ default: charts.ThroughputChart })));
const Latency = lazy(() => import("./Charts").then((charts) => ({ default: charts.LatencyChart })));

const unlessAsked = "1h";
const chartHeight = 236;

/** How all is going: what runs, what waits, what failed, and whether that is as usual. */
export default function OpsPage() {
  const [url, setUrl] = useUrl();
  const asked = url["range"];
  const range = useMemo(() => parseRange(asked, new Date()) ?? defaultRange(), [asked]);
  const { counts, series } = useOps(range);
  const zoom = (from: Date, to: Date) => setUrl({ range: writeRange(from, to) });
  const of = url["latency"] === "wait" ? "wait" : "run";
  const total = counts.data ? totalOf(counts.data.counts, []) : undefined;
  const totals = series.data && totalsOf(series.data);

  return (
    <div className="ops">
      <PageHead
        title="Operations"
        actions={<RangePicker text={range.text} moves={range.moves} onChange={(text) => setUrl({ range: text })} />}
      />
      {total === 0 ? (
        <NoJobs />
      ) : (
        <>
          {counts.error && !counts.data ? (
            <ErrorState error={counts.error} title="The counts could not be read" onRetry={() => void counts.refetch()} />
          ) : (
            <StateCounts counts={counts.data?.counts} upTo={counts.data?.countsUpTo ?? Infinity} />
          )}
          <div className="ops-charts">
            <Card
              title="Throughput"
              actions={
                totals && (
                  <span className="muted">
                    {count(totals.ended)} ended, {count(totals.failed)} failed · per{" "}
                    {duration((series.data?.stepSeconds ?? 0) * 1000)}
                  </span>
                )
              }
            >
              <Shown query={series} height={chartHeight}>
                {series.data && (
                  <Suspense fallback={<Skeleton height={chartHeight} />}>
                    <Throughput series={series.data} onZoom={zoom} />
                  </Suspense>
                )}
              </Shown>
            </Card>
            <Card
              title={of === "run" ? "Run time" : "Wait time"}
              actions={
                <Select
                  label="Which time"
                  hideLabel
                  value={of}
                  options={[
                    { value: "run", label: "How long they ran" },
                    { value: "wait", label: "How long they waited" },
                  ]}
                  onChange={(value) => setUrl({ latency: value === "wait" ? "wait" : undefined }, { replace: true })}
                />
              }
            >
              <Shown query={series} height={chartHeight}>
                {series.data && (
                  <Suspense fallback={<Skeleton height={chartHeight} />}>
                    <Latency series={series.data} of={of} onZoom={zoom} />
                  </Suspense>
                )}
              </Shown>
            </Card>
          </div>
          <div className="ops-cards">
            <Failures />
            <Queues />
            <Workers />
            <Schedules />
          </div>
        </>
      )}
    </div>
  );
}

const defaultRange = () => {
  const now = new Date();
  return { text: unlessAsked, from: new Date(now.getTime() - 3_600_000), to: now, moves: true };
};

function RangePicker({ text, moves, onChange }: { text: string; moves: boolean; onChange(text: string | undefined): void }) {
  const { zone } = usePreferences();
  const [from, to] = text.split("..");
  const known = ranges.some((one) => one.id === text);
  const own = moves ? `Last ${text}` : `${instant(new Date(from ?? ""), zone)} – ${instant(new Date(to ?? ""), zone)}`;
  return (
    <>
      {!moves && (
        <Button tone="quiet" onClick={() => onChange(undefined)}>
          Back to now
        </Button>
      )}
      <Select
        label="Range of time"
        hideLabel
        value={text}
        onChange={(value) => onChange(value === unlessAsked ? undefined : value)}
        options={[
          ...(known ? [] : [{ value: text, label: own }]),
          ...ranges.map((one) => ({ value: one.id, label: `Last ${one.word}` })),
        ]}
      />
    </>
  );
}

/** What a card shows: its content, the error of its own with a way to try again, or its place while it loads. */
function Shown({
  query,
  height,
  children,
}: {
  query: { data: unknown; error: unknown; refetch(): unknown };
  height: number;
  children: ReactNode;
}) {
  return (
    <>
      {query.error != null && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {query.data !== undefined ? children : query.error == null && <Skeleton height={height} />}
    </>
  );
}

function StateCounts({ counts, upTo }: { counts: Record<string, number> | undefined; upTo: number }) {
  return (
    <ul className="ops-counts" aria-label="Executions by state">
      {listStates.map((state) => {
        const value = counts ? countOf(counts, state) : undefined;
        if (value === 0 && state === "partially_succeeded") return null;
        return (
          <li key={state}>
            <PageLink to={`/executions?state=${state}`} className={`ops-count state-${lookOf(state).tone}`}>
              <span className="ops-count-word">
                <StateIcon state={state} size={14} />
                {lookOf(state).word}
              </span>
              <span className="ops-count-value" data-state={state} title={value === undefined ? undefined : count(value)}>
                {value === undefined ? (
                  <Skeleton height={28} width={48} />
                ) : value >= upTo ? (
                  `${shortCount(upTo)}+`
                ) : (
                  shortCount(value)
                )}
              </span>
            </PageLink>
          </li>
        );
      })}
    </ul>
  );
}

function Failures() {
  const failures = useRecentFailures();
  const groups = failures.data?.items ?? [];
  return (
    <Card title="Failures by error" actions={<PageLink to="/dead-letters">All dead letters</PageLink>} flush className="ops-wide">
      <Shown query={failures} height={160}>
        {groups.length === 0 ? (
          <p className="ops-none">Nothing has failed for good and waits to be dealt with.</p>
        ) : (
          <ul className="ops-list">
            {groups.map((group) => (
              <li key={group.fingerprint}>
                <PageLink to={`/dead-letters?error=${encodeURIComponent(group.fingerprint)}`} className="ops-failure">
                  <span className="ops-failure-count state-failed">{count(group.count)}</span>
                  <span className="ops-failure-text">
                    <span className="ellipsis" title={group.sample.message ?? undefined}>
                      {group.sample.message?.split("\n", 1)[0] || group.sample.class}
                    </span>
                    <span className="ellipsis muted">
                      {group.sample.class.replaceAll("_", " ")} · {group.jobs.join(", ")}
                    </span>
                  </span>
                  <span className="muted">
                    <Time at={group.lastSeenAt} show="relative" />
                  </span>
                </PageLink>
              </li>
            ))}
          </ul>
        )}
      </Shown>
    </Card>
  );
}

function Queues() {
  const queues = useQueues();
  const rows = (queues.rows ?? []).filter(
    (one) => one.queued + one.running + one.waitingRetry > 0 || one.pausedAt || one.heldBecause,
  );
  return (
    <Card title="Queues" actions={<PageLink to="/queues">All queues</PageLink>} flush>
      <Shown query={queues} height={120}>
        {rows.length === 0 ? (
          <p className="ops-none">Nothing waits.</p>
        ) : (
          <table className="ops-table">
            <thead>
              <tr>
                <th scope="col">Queue</th>
                <th scope="col" className="number">
                  Waiting
                </th>
                <th scope="col" className="number">
                  Running
                </th>
                <th scope="col" className="number">
                  Oldest
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, 8).map((one) => (
                <tr key={one.name}>
                  <th scope="row">
                    <PageLink to={`/queues?queue=${encodeURIComponent(one.name)}`}>{one.name}</PageLink>{" "}
                    {one.pausedAt && <StateMark state="paused" />}
                    {!one.pausedAt && one.heldBecause && (
                      <span className="ops-held" title={one.heldBecause}>
                        {one.heldBecause}
                      </span>
                    )}
                  </th>
                  <td className="number">{count(one.queued + one.waitingRetry)}</td>
                  <td className="number">{count(one.running)}</td>
                  <td className="number">{one.oldestWaitSeconds == null ? "–" : duration(one.oldestWaitSeconds * 1000)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Shown>
    </Card>
  );
}

function Workers() {
  const workers = useLiveWorkers();
  const rows = workers.data ?? [];
  return (
    <Card title="Workers" actions={<PageLink to="/workers">All workers</PageLink>} flush>
      <Shown query={workers} height={120}>
        {rows.length === 0 ? (
          <div className="ops-none">
            <p>No worker is connected: nothing will start.</p>
            <p>
              <code>sje worker</code> <CopyButton text="sje worker" label="Copy the command" />
            </p>
          </div>
        ) : (
          <table className="ops-table">
            <thead>
              <tr>
                <th scope="col">Worker</th>
                <th scope="col">Condition</th>
                <th scope="col">Slots in use</th>
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, 8).map((one) => (
                <tr key={one.id}>
                  <th scope="row">
                    <PageLink to={`/workers?worker=${one.id}`} className="ellipsis">
                      {one.name}
                    </PageLink>
                  </th>
                  <td>
                    <StateMark state={one.condition} />
                  </td>
                  <td>
                    <Meter value={one.running - one.runningDirect} max={one.slots} label={`Slots of ${one.name} in use`} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {rows.length > 8 && <p className="ops-none">{count(rows.length - 8)} more</p>}
      </Shown>
    </Card>
  );
}

function Schedules() {
  const schedules = useNextSchedules();
  const rows = schedules.data ?? [];
  return (
    <Card title="Next schedules" actions={<PageLink to="/schedules">All schedules</PageLink>} flush>
      <Shown query={schedules} height={120}>
        {rows.length === 0 ? (
          <p className="ops-none">No schedule is due.</p>
        ) : (
          <table className="ops-table">
            <tbody>
              {rows.map((one) => (
                <tr key={one.name}>
                  <th scope="row">
                    <PageLink to={`/schedules/${encodeURIComponent(one.name)}`}>{one.name}</PageLink>
                  </th>
                  <td className="muted">
                    <code title={`${one.cron} ${one.timeZone}`}>{one.cron}</code>
                  </td>
                  <td className="number">
                    <Time at={one.nextAt} show="relative" />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Shown>
    </Card>
  );
}

function NoJobs() {
  const navigate = useNavigate();
  const toasts = useToasts();
  const session = useSession();
  const [busy, setBusy] = useState(false);
  const curl = curlTo(location.origin);
  const mayRun = session.data?.role !== "viewer";
  const run = async () => {
    setBusy(true);
    try {
      const started = await runSample();
      void navigate({ to: `/executions/${started.taskId}` as string });
    } catch (error) {
      toasts.show({ text: messageOf(error), tone: "failed" });
      setBusy(false);
    }
  };
  return (
    <Card className="ops-empty">
      <h2>No jobs yet</h2>
      <p className="muted">Run the sample and watch it: four small tasks that depend on each other.</p>
      <Button
        tone="primary"
        icon="play"
        busy={busy}
        reason={mayRun ? undefined : "It takes the role operator"}
        onClick={() => void run()}
      >
        Create and run a sample job
      </Button>
      <p className="muted">Or submit one of your own:</p>
      <div className="ops-curl">
        <pre>{curl}</pre>
        <CopyButton text={curl} label="Copy the command" />
      </div>
      {session.data?.anonymous === false && (
        <p className="muted">
          With a key: add <code>-H "Authorization: Bearer KEY"</code>.
        </p>
      )}
    </Card>
  );
}
