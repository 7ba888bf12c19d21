import type { ExecutionItem } from "../../api/executions";
import { duration, relative } from "../../base/format";
import { PageLink } from "../../ui/Button";
import type { Column } from "../../ui/DataTable";
import { StateMark } from "../../ui/StateMark";
import { Time, useNow } from "../../ui/values";
import { triggerOf } from "../execution/trigger";
import { barOf, comparedTo } from "./usual";

const final = new Set(["succeeded", "partially_succeeded", "failed", "cancelled", "timed_out"]);

/** Whether nothing more happens to it by itself. */
export const isFinal = (row: ExecutionItem) => final.has(row.state);

/** The state that a list shows: retrying and cancelling are states of their own to a person. */
export function shownState(row: ExecutionItem): string {
  if (row.cancelRequestedAt && !isFinal(row)) return "cancelling";
  return row.retrying ? "retrying" : row.state;
}

/** The columns of the list. */
export const columns: Column<ExecutionItem>[] = [
  { id: "state", header: "State", width: "148px", cell: (row) => <StateMark state={shownState(row)} /> },
  {
    id: "job",
    header: "Job",
    width: "minmax(150px, 2fr)",
    cell: (row) => (
      <>
        <PageLink to={`/executions/${row.id}`} className="xs-name" tabIndex={-1}>
          {row.name}
        </PageLink>
        {row.label && <span className="muted xs-label">{row.label}</span>}
      </>
    ),
  },
  { id: "trigger", header: "Trigger", width: "minmax(90px, 1fr)", above: 1040, cell: (row) => triggerOf(row).words },
  {
    id: "started",
    header: "Started",
    width: "104px",
    sort: "started",
    above: 560,
    cell: (row) => <Time at={row.startedAt} none="not yet" />,
  },
  {
    id: "took",
    header: "Took",
    width: "150px",
    sort: "duration",
    cell: (row) => <Took row={row} />,
  },
  {
    id: "attempt",
    header: "Attempt",
    width: "72px",
    above: 860,
    cell: (row) =>
      row.attempt > 0 ? (
        <span className={row.attempt > 1 ? "xs-again" : undefined}>
          {row.attempt}/{Math.max(row.attempt, row.maxAttempts)}
        </span>
      ) : (
        <span className="muted">–</span>
      ),
  },
  { id: "reason", header: "Reason", width: "minmax(160px, 3fr)", above: 720, cell: (row) => <Reason row={row} /> },
  {
    id: "accepted",
    header: "Accepted",
    width: "104px",
    sort: "accepted",
    above: 1180,
    cell: (row) => <Time at={row.acceptedAt} />,
  },
];

function Took({ row }: { row: ExecutionItem }) {
  const going = row.startedAt != null && row.finishedAt == null;
  const now = useNow(going);
  if (!row.startedAt) return <span className="muted">–</span>;
  const ms = Math.max(0, (row.finishedAt ? Date.parse(row.finishedAt) : now.getTime()) - Date.parse(row.startedAt));
  const usual = row.typicalDurationMs ?? undefined;
  const bar = barOf(ms, usual);
  const compared = comparedTo(ms, usual);
  return (
    <span className="xs-took" title={`${duration(ms)}: ${compared}`}>
      <span className="xs-took-text">{duration(ms)}</span>
      <span className="xs-took-bar" aria-hidden="true">
        {bar.tick !== undefined && (
          <>
            <span className={bar.slow ? "xs-took-fill xs-slow" : "xs-took-fill"} style={{ width: `${bar.fill * 100}%` }} />
            <span className="xs-took-tick" />
          </>
        )}
      </span>
      {bar.slow && <span className="visually-hidden">{compared}</span>}
    </span>
  );
}

function Reason({ row }: { row: ExecutionItem }) {
  const text = row.reason ?? row.errorMessage ?? row.waitReason ?? row.cancelReason ?? (row.state === "running" ? row.progressMessage : undefined) ?? "";
  return (
    <span className="ellipsis" title={text}>
      {row.nextAttemptAt && <NextTry at={row.nextAttemptAt} />}
      {text}
    </span>
  );
}

function NextTry({ at }: { at: string }) {
  const now = useNow();
  const date = new Date(at);
  return <span className="xs-again">{date <= now ? "next try now" : `next try ${relative(date, now)}`} · </span>;
}
