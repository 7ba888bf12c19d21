import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { messageOf, rowsOf } from "../../api/client";
import { refreshJobs } from "../../api/jobs";
import { scheduleQueries, triggerSchedule, usePauseSchedule, type Schedule, type ScheduleFilter } from "../../api/schedules";
import { newKey } from "../../base/newKey";
import { Button, EmptyState, Icon, IconButton, PageLink, StateMark, Time, useConfirm, useToasts } from "../../ui";
import { DataTable, type Column, type Sort } from "../../ui/DataTable";
import { useStarted } from "../job/useStarted";
import { allows, jobHref } from "../jobs/jobHref";
import { PausedMark } from "../jobs/PausedMark";
import { useLiveRefresh } from "../../live";
import { describeCron } from "./cron";
import "../jobs/jobs.css";
import "./schedules.css";

const LIST = ["schedules", "list"] as const;

interface ScheduleTableProps {
  filter: ScheduleFilter;
  height?: string;
  sort?: Sort;
  onSort?(sort: Sort): void;
  /** Clears what the list is narrowed down by; absent when it is not. */
  onClear?: () => void;
  emptyActions: ReactNode;
}

/** Schedules with what they say, when they are due next and how they went last. */
export function ScheduleTable({ filter, height, sort, onSort, onClear, emptyActions }: ScheduleTableProps) {
  const list = useInfiniteQuery(scheduleQueries.list(filter));
  useLiveRefresh(LIST, ["executions", "schedules"], 2_000);
  const doings = useScheduleActions();
  return (
    <div className={height === "auto" ? "jobs-box jobs-box-auto" : "jobs-box"}>
      <DataTable
        label="Schedules"
        rows={rowsOf(list.data) ?? (list.isError ? [] : undefined)}
        columns={filter.job === undefined ? columnsOf(doings) : columnsOf(doings).filter((column) => column.id !== "job")}
        rowKey={(schedule) => schedule.name}
        href={(schedule) => scheduleHref(schedule.name)}
        height={height}
        refetching={list.isPlaceholderData}
        error={list.error ?? undefined}
        onRetry={() => void list.refetch()}
        sort={sort}
        onSort={onSort}
        hasMore={list.hasNextPage}
        onMore={() => {
          if (!list.isFetchingNextPage) void list.fetchNextPage();
        }}
        scrollName={`schedules ${JSON.stringify(filter)}`}
        rowKeys={[{ key: "u", help: "Run its job now", run: (schedule) => allows(schedule, "trigger") && void doings.trigger(schedule) }]}
        empty={
          list.isError ? null : onClear ? (
            <EmptyState icon="search" title="No schedule matches" actions={<Button onClick={onClear}>Clear filters</Button>} />
          ) : (
            <EmptyState icon="schedules" title="No schedules" actions={emptyActions}>
              A schedule starts a saved job by itself: every quarter of an hour, each weekday at six, on the last day of the month.
            </EmptyState>
          )
        }
      />
    </div>
  );
}

/** The page of a schedule. */
export function scheduleHref(name: string): string {
  return `/schedules/${encodeURIComponent(name)}`;
}

export interface ScheduleDoings {
  trigger(schedule: Schedule): Promise<void>;
  toggle(schedule: Schedule): Promise<void>;
  busy: string | null;
}

/** What can be done to a schedule from anywhere. */
export function useScheduleActions(): ScheduleDoings {
  const pause = usePauseSchedule();
  const toasts = useToasts();
  const confirm = useConfirm();
  const started = useStarted();
  const client = useQueryClient();
  const [busy, setBusy] = useState<string | null>(null);
  const failed = (error: unknown) => toasts.show({ text: messageOf(error), tone: "failed" });
  return {
    busy,
    async trigger({ name, job }) {
      const sure = await confirm({
        title: `Run “${job}” now?`,
        body: <p>With the values of schedule “{name}”. Its due times stay as they are.</p>,
        action: "Run now",
        tone: "primary",
      });
      if (!sure) return;
      setBusy(name);
      try {
        started(job, await triggerSchedule(name, newKey()));
        await refreshJobs(client);
      } catch (error) {
        failed(error);
      } finally {
        setBusy(null);
      }
    },
    async toggle({ name, pausedAt }) {
      const paused = !pausedAt;
      try {
        await pause.mutateAsync({ name, paused });
        toasts.show({
          text: paused ? `Paused “${name}”: nothing starts by itself, and nothing is made up later.` : `Resumed “${name}”.`,
          tone: "success",
          undo: async () => void (await pause.mutateAsync({ name, paused: !paused })),
        });
      } catch (error) {
        failed(error);
      }
    },
  };
}

function columnsOf({ trigger, toggle, busy }: ScheduleDoings): Column<Schedule>[] {
  return [
    {
      id: "name",
      header: "Name",
      sort: "name",
      width: "minmax(120px, 1.2fr)",
      cell: (schedule) => (
        <span className="schedules-name">
          <PageLink to={scheduleHref(schedule.name)} title={schedule.name}>
            {schedule.name}
          </PageLink>
          <PausedMark of={schedule} />
        </span>
      ),
    },
    { id: "job", header: "Job", width: "minmax(100px, 1fr)", above: 700, cell: ({ job }) => <PageLink to={jobHref(job)}>{job}</PageLink> },
    {
      id: "when",
      header: "When",
      width: "minmax(160px, 2fr)",
      cell: ({ cron }) => (
        <span className="schedules-when" title={`${describeCron(cron) ?? ""} (${cron})`}>
          <code>{cron}</code>
          <span>{describeCron(cron)}</span>
        </span>
      ),
    },
    { id: "zone", header: "Zone", width: "minmax(90px, 0.8fr)", above: 980, cell: ({ timeZone }) => <span title={timeZone}>{timeZone}</span> },
    {
      id: "next",
      header: "Next run",
      sort: "next",
      width: "190px",
      above: 560,
      cell: ({ nextAt, pausedAt }) =>
        pausedAt ? (
          <span className="muted">–</span>
        ) : (
          <span className="schedules-next">
            <Time at={nextAt} />{" "}
            {nextAt && (
              <span className="muted">
                <Time at={nextAt} show="relative" />
              </span>
            )}
          </span>
        ),
    },
    { id: "last", header: "Last result", width: "minmax(110px, 0.9fr)", above: 820, cell: (schedule) => <LastResult schedule={schedule} /> },
    {
      id: "actions",
      header: <span className="visually-hidden">Actions</span>,
      width: "64px",
      align: "end",
      cell: (schedule) => (
        <span className="schedules-actions">
          <IconButton
            icon={schedule.pausedAt ? "retry" : "pause"}
            label={`${schedule.pausedAt ? "Resume" : "Pause"} ${schedule.name}`}
            reason={allows(schedule, schedule.pausedAt ? "resume" : "pause") ? undefined : "You may not do that"}
            onClick={() => void toggle(schedule)}
          />
          <IconButton
            icon="play"
            label={`Run ${schedule.name} now`}
            busy={busy === schedule.name}
            reason={allows(schedule, "trigger") ? undefined : "You may not run it"}
            onClick={() => void trigger(schedule)}
          />
        </span>
      ),
    },
  ];
}

/** How the last execution that a schedule started ended, or why it could not start one. */
export function LastResult({ schedule }: { schedule: Schedule }) {
  const { lastError, lastExecution, lastExecutionId, lastFiredAt } = schedule;
  if (lastError) {
    return (
      <span className="schedules-error" title={lastError}>
        <Icon name="warning" /> Could not start
      </span>
    );
  }
  const id = lastExecution?.id ?? lastExecutionId;
  if (!id) return <span className="muted">Never ran</span>;
  return (
    <PageLink to={`/executions/${id}`} className="schedules-last">
      {lastExecution ? <StateMark state={lastExecution.state} /> : <Time at={lastFiredAt} />}
    </PageLink>
  );
}
