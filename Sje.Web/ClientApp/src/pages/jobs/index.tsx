import { useInfiniteQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { rowsOf } from "../../api/client";
import { jobQueries, usePauseJob, type JobItem } from "../../api/jobs";
import { useUrl } from "../../base/url";
import { Button, ButtonLink, EmptyState, IconButton, PageHead, PageLink, Skeleton, Ticks, Time, useToasts } from "../../ui";
import { DataTable, type Column, type Sort } from "../../ui/DataTable";
import { RunDialog } from "../job/RunDialog";
import { Filters } from "./Filters";
import { allows, jobHref } from "./jobHref";
import { PausedMark } from "./PausedMark";
import { useLiveRefresh } from "../../live";
import { useMayCreate } from "./useMayCreate";
import "./jobs.css";

const NewJob = lazy(() => import("./NewJob"));

const LIST = ["jobs", "list"] as const;

export default function JobsPage() {
  const [url] = useUrl();
  return url["new"] ? (
    <Suspense fallback={<Skeleton lines={12} />}>
      <NewJob />
    </Suspense>
  ) : (
    <JobList />
  );
}

function JobList() {
  const [url, setUrl] = useUrl();
  const filter = { q: url["q"], type: url["type"], tag: url["tag"], paused: url["paused"], sort: url["sort"] };
  const list = useInfiniteQuery(jobQueries.list(filter));
  const rows = rowsOf(list.data);
  const [running, setRunning] = useState<string | null>(null);
  const pause = useTogglePause();
  const mayCreate = useMayCreate();
  useLiveRefresh(LIST, ["executions", "jobs", "schedules"], 2_000);

  const create = mayCreate && (
    <ButtonLink to="/jobs?new=1" tone="primary" icon="plus">
      New job
    </ButtonLink>
  );
  const filtered = [filter.q, filter.type, filter.tag, filter.paused].some(Boolean);
  const columns = columnsOf({
    onTag: (tag) => setUrl({ tag }),
    onRun: (job) => setRunning(job.name),
    onPause: (job) => void pause(job),
  });

  return (
    <>
      <PageHead title="Jobs" actions={create} />
      <Filters url={url} setUrl={setUrl} />
      <div className="jobs-box">
        <DataTable
          label="Jobs"
          rows={rows ?? (list.isError ? [] : undefined)}
          columns={columns}
          rowKey={(job) => job.name}
          href={(job) => jobHref(job.name)}
          refetching={list.isPlaceholderData}
          error={list.error ?? undefined}
          onRetry={() => void list.refetch()}
          sort={sortOf(filter.sort)}
          onSort={(sort) => setUrl({ sort: nameOfSort(sort, filter.sort) })}
          hasMore={list.hasNextPage}
          onMore={() => {
            if (!list.isFetchingNextPage) void list.fetchNextPage();
          }}
          scrollName={`jobs ${JSON.stringify(filter)}`}
          rowKeys={[{ key: "u", help: "Run the job now", run: (job) => allows(job, "run") && setRunning(job.name) }]}
          empty={
            list.isError ? null : filtered ? (
              <EmptyState
                icon="search"
                title="No job matches"
                actions={<Button onClick={() => setUrl({ q: undefined, type: undefined, tag: undefined, paused: undefined })}>Clear filters</Button>}
              />
            ) : (
              <EmptyState icon="jobs" title="No saved jobs yet" actions={create}>
                A job says what to run, with which parameters, retries and schedule. Write one here, or save a file with{" "}
                <code>sje save job.yaml</code>.
              </EmptyState>
            )
          }
        />
      </div>
      {running !== null && <RunDialog name={running} onClose={() => setRunning(null)} />}
    </>
  );
}

interface Doings {
  onTag(tag: string): void;
  onRun(job: JobItem): void;
  onPause(job: JobItem): void;
}

function columnsOf({ onTag, onRun, onPause }: Doings): Column<JobItem>[] {
  return [
    {
      id: "name",
      header: "Name",
      sort: "name",
      width: "minmax(150px, 2.2fr)",
      cell: (job) => (
        <span className="jobs-name">
          <PageLink to={jobHref(job.name)} title={job.description ?? job.name}>
            {job.name}
          </PageLink>
          <PausedMark of={job} />
          {job.description && <span className="muted jobs-description">{job.description}</span>}
        </span>
      ),
    },
    {
      id: "runs",
      header: "Last 20 runs",
      width: "250px",
      cell: (job) => <Ticks runs={[...(job.lastRuns ?? [])].reverse()} label={`Last runs of ${job.name}`} />,
    },
    {
      id: "next",
      header: "Next run",
      width: "104px",
      above: 620,
      cell: (job) => (job.pausedAt && job.nextAt ? <span className="muted">Paused</span> : <Time at={job.nextAt} show="relative" />),
    },
    { id: "type", header: "Type", width: "84px", above: 1000, cell: (job) => job.type },
    {
      id: "queue",
      header: "Queue",
      width: "100px",
      above: 1120,
      cell: (job) => <PageLink to={`/queues?queue=${encodeURIComponent(job.queue)}`}>{job.queue}</PageLink>,
    },
    {
      id: "tags",
      header: "Tags",
      width: "minmax(110px, 1fr)",
      above: 900,
      cell: (job) => (
        <span className="jobs-tags">
          {job.tags.map((tag) => (
            <button key={tag} type="button" className="jobs-tag" title={`Only jobs with the tag ${tag}`} onClick={() => onTag(tag)}>
              {tag}
            </button>
          ))}
        </span>
      ),
    },
    { id: "updated", header: "Changed", sort: "updated", width: "112px", above: 760, cell: (job) => <Time at={job.updatedAt} /> },
    {
      id: "actions",
      header: <span className="visually-hidden">Actions</span>,
      width: "64px",
      align: "end",
      cell: (job) => (
        <span className="jobs-actions">
          <IconButton
            icon={job.pausedAt ? "retry" : "pause"}
            label={`${job.pausedAt ? "Resume" : "Pause"} ${job.name}`}
            reason={allows(job, job.pausedAt ? "resume" : "pause") ? undefined : "You may not do that"}
            onClick={() => onPause(job)}
          />
          <IconButton
            icon="play"
            label={`Run ${job.name}`}
            reason={allows(job, "run") ? undefined : "You may not run it"}
            onClick={() => onRun(job)}
          />
        </span>
      ),
    },
  ];
}

/** Pauses or resumes, and offers the way back. */
function useTogglePause() {
  const { mutateAsync } = usePauseJob();
  const toasts = useToasts();
  return async (job: JobItem) => {
    const paused = !job.pausedAt;
    try {
      await mutateAsync({ name: job.name, paused });
      toasts.show({
        text: paused ? `Paused “${job.name}”: it starts nothing until it is resumed.` : `Resumed “${job.name}”.`,
        tone: "success",
        undo: async () => void (await mutateAsync({ name: job.name, paused: !paused })),
      });
    } catch (error) {
      toasts.show({ text: error instanceof Error ? error.message : String(error), tone: "failed" });
    }
  };
}

function sortOf(sort: string | undefined): Sort {
  return { key: (sort ?? "name").replace("-", ""), descending: sort?.startsWith("-") ?? false };
}

/** Names begin with A, changes with the newest; a second click turns the order round. */
function nameOfSort(sort: Sort, before: string | undefined): string | undefined {
  const same = (before ?? "name").replace("-", "") === sort.key;
  const descending = same ? sort.descending : sort.key === "updated";
  const text = `${descending ? "-" : ""}${sort.key}`;
  return text === "name" ? undefined : text;
}
