import { useQuery } from "@tanstack/react-query";
import { jobQueries, RUNS_PER_PAGE, TASKS_PER_PAGE, type Job, type Run } from "../../../api/jobs";
import { useUrl } from "../../../base/url";
import { Button, Duration, EmptyState, ErrorState, PageLink, Select, Skeleton, StateMark, Time } from "../../../ui";
import { DataTable, type Column } from "../../../ui/DataTable";
import { useLiveRefresh } from "../../../live";
import { triggerOf } from "../../execution/trigger";
import { RunGridView } from "./RunGridView";

const STATES = ["queued", "running", "succeeded", "partially_succeeded", "failed", "timed_out", "cancelled"];

/** The executions of a job: a grid of runs and tasks, and the runs as a list with their reasons. */
export function RunsTab({ job, onRun }: { job: Job; onRun: (() => void) | undefined }) {
  const [url, setUrl] = useUrl();
  const taskOffset = Math.max(0, Number(url["tasks"] ?? 0) || 0);
  const state = url["state"];
  const grid = useQuery(jobQueries.runs(job.name, { state, cursor: url["cursor"], taskOffset }));
  useLiveRefresh(["jobs", "runs", job.name], ["executions", "jobs"], 2_000);

  if (grid.error && !grid.data) return <ErrorState error={grid.error} onRetry={() => void grid.refetch()} />;
  if (!grid.data) return <Skeleton lines={12} height={24} />;
  const { runs, tasks, taskCount, nextCursor } = grid.data;
  if (runs.length === 0 && state === undefined && url["cursor"] === undefined) {
    return (
      <EmptyState
        icon="executions"
        title="It has not run yet"
        actions={
          onRun && (
            <Button tone="primary" icon="play" onClick={onRun}>
              Run now
            </Button>
          )
        }
      >
        Its runs will stand here, task by task.
      </EmptyState>
    );
  }
  return (
    <div className="job-runs">
      <div className="job-bar">
        <Select
          label="State of the runs"
          hideLabel
          value={state ?? ""}
          options={[{ value: "", label: "All states" }, ...STATES.map((one) => ({ value: one, label: wordOf(one) }))]}
          onChange={(next) => setUrl({ state: next || undefined, cursor: undefined })}
        />
        <span className="muted">
          {runs.length === 0 ? "No such run" : `${runs.length} ${runs.length === 1 ? "run" : "runs"}${url["cursor"] ? ", older" : ", newest first"}`}
        </span>
        <div className="row job-bar-end">
          {taskCount > TASKS_PER_PAGE && (
            <TaskPager offset={taskOffset} count={taskCount} onGo={(to) => setUrl({ tasks: to === 0 ? undefined : String(to) })} />
          )}
          {url["cursor"] && <Button onClick={() => setUrl({ cursor: undefined })}>Newest</Button>}
          {nextCursor && (
            <Button icon="right" onClick={() => setUrl({ cursor: nextCursor })}>
              Older {RUNS_PER_PAGE}
            </Button>
          )}
          <PageLink to={`/executions?job=${encodeURIComponent(job.name)}`}>All executions</PageLink>
        </div>
      </div>
      {grid.error && <ErrorState error={grid.error} onRetry={() => void grid.refetch()} />}
      {runs.length > 0 && tasks.length > 0 && <RunGridView grid={grid.data} dimmed={grid.isPlaceholderData} />}
      <DataTable
        label={`Runs of ${job.name}`}
        height="auto"
        rows={runs}
        columns={COLUMNS}
        rowKey={(run) => run.execution.id}
        href={(run) => `/executions/${run.execution.id}`}
        refetching={grid.isPlaceholderData}
        empty={
          <EmptyState
            title="No run in this state"
            actions={<Button onClick={() => setUrl({ state: undefined, cursor: undefined })}>All states</Button>}
          />
        }
      />
    </div>
  );
}

function TaskPager({ offset, count, onGo }: { offset: number; count: number; onGo(offset: number): void }) {
  const last = Math.min(count, offset + TASKS_PER_PAGE);
  return (
    <span className="row">
      <span className="muted">
        Tasks {offset + 1}–{last} of {count}
      </span>
      <Button
        icon="left"
        aria-label="Tasks before"
        reason={offset === 0 ? "These are the first" : undefined}
        onClick={() => onGo(Math.max(0, offset - TASKS_PER_PAGE))}
      />
      <Button
        icon="right"
        aria-label="Tasks after"
        reason={last >= count ? "These are the last" : undefined}
        onClick={() => onGo(offset + TASKS_PER_PAGE)}
      />
    </span>
  );
}

const COLUMNS: Column<Run>[] = [
  {
    id: "state",
    header: "State",
    width: "150px",
    cell: ({ execution }) => <StateMark state={execution.retrying ? "retrying" : execution.state} />,
  },
  {
    id: "started",
    header: "Started",
    width: "130px",
    cell: ({ execution }) => (
      <PageLink to={`/executions/${execution.id}`}>
        <Time at={execution.startedAt ?? execution.acceptedAt} />
      </PageLink>
    ),
  },
  {
    id: "duration",
    header: "Duration",
    width: "84px",
    align: "end",
    cell: ({ execution }) => <Duration from={execution.startedAt} to={execution.finishedAt} />,
  },
  {
    id: "version",
    header: "Version",
    width: "60px",
    align: "end",
    above: 640,
    cell: ({ execution }) => execution.jobVersion ?? <span className="muted">–</span>,
  },
  {
    id: "trigger",
    header: "Trigger",
    width: "minmax(80px, 0.7fr)",
    above: 760,
    cell: ({ execution }) =>
      execution.schedule ? (
        <PageLink to={`/schedules/${encodeURIComponent(execution.schedule)}`}>{execution.schedule}</PageLink>
      ) : (
        triggerOf(execution).words
      ),
  },
  {
    id: "attempt",
    header: "Attempt",
    width: "64px",
    align: "end",
    above: 860,
    cell: ({ execution }) => (execution.maxAttempts > 0 ? `${execution.attempt}/${execution.maxAttempts}` : <span className="muted">–</span>),
  },
  {
    id: "reason",
    header: "Reason",
    width: "minmax(120px, 2fr)",
    cell: ({ execution }) => {
      const reason = execution.errorMessage ?? execution.waitReason;
      return reason ? <span title={reason}>{reason}</span> : <span className="muted">–</span>;
    },
  },
];

function wordOf(state: string): string {
  const words = state.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
