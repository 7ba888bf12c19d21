import { infiniteQueryOptions, keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { refreshJobs } from "./jobs";
import { get, pages, send } from "./client";
import { lookAgain } from "./unfinished";

/** The last execution that a schedule started. */
export interface ScheduleExecution {
  id: string;
  state: string;
  startedAt?: string | null;
  finishedAt?: string | null;
  durationMs?: number | null;
  errorMessage?: string | null;
}

/** A schedule. `fromJob`: it is part of the job's file, and its cron line and zone change there. */
export interface Schedule {
  name: string;
  job: string;
  cron: string;
  timeZone: string;
  parameters: Record<string, unknown>;
  fromJob: boolean;
  pausedAt?: string | null;
  pausedBy?: string | null;
  pauseReason?: string | null;
  nextAt?: string | null;
  lastDueAt?: string | null;
  lastFiredAt?: string | null;
  lastExecutionId?: string | null;
  lastExecution?: ScheduleExecution | null;
  lastError?: string | null;
  version: number;
  createdAt: string;
  updatedAt: string;
  createdBy?: string | null;
  actions?: string[] | null;
}

/** A due time: the instant, and what a clock in the schedule's zone shows then. */
export interface DueTime {
  at: string;
  local: string;
}

/** A time at which the clocks of the zone change, and what that does to the schedule. */
export interface ClockNote {
  at: string;
  kind?: string;
  text: string;
}

export interface SchedulePreview {
  cron: string;
  timeZone: string;
  times: DueTime[];
  notes?: ClockNote[] | null;
}

export interface ScheduleFilter {
  q?: string;
  job?: string;
  paused?: string;
  sort?: string;
}

/** What a schedule is to be. */
export interface ScheduleDefinition {
  job: string;
  cron: string;
  timeZone: string;
  parameters: Record<string, unknown>;
  paused?: boolean;
}

export function schedulePath(name: string, rest = ""): string {
  return `/schedules/${encodeURIComponent(name)}${rest}`;
}

export const scheduleQueries = {
  list: (filter: ScheduleFilter) =>
    infiniteQueryOptions({
      queryKey: ["schedules", "list", filter],
      ...pages<Schedule>("/schedules", { ...filter, limit: 50 }),
      placeholderData: keepPreviousData,
      refetchInterval: ({ state }) => lookAgain((state.data?.pages ?? []).flatMap((page) => page.items.map((schedule) => schedule.lastExecution?.state))),
    }),
  one: (name: string) =>
    queryOptions({
      queryKey: ["schedules", "one", name],
      queryFn: ({ signal }) => get<Schedule>(schedulePath(name), { signal }),
    }),
  preview: (cron: string, timeZone: string, after?: string) =>
    queryOptions({
      queryKey: ["schedules", "preview", cron, timeZone, after],
      queryFn: ({ signal }) => send<SchedulePreview>("POST", "/schedules:preview", { cron, timeZone, count: 10, after }, { signal }),
      retry: false,
      staleTime: 30_000,
    }),
};

/** Saves a schedule: over `baseVersion`, or as a new one where that is 0. */
export function saveSchedule(name: string, definition: ScheduleDefinition, baseVersion: number): Promise<Schedule> {
  return send("PUT", schedulePath(name), definition, {
    headers: baseVersion === 0 ? { "If-None-Match": "*" } : { "If-Match": `"${baseVersion}"` },
  });
}

export async function triggerSchedule(name: string, idempotencyKey: string): Promise<string> {
  const accepted = await send<{ taskId: string }>("POST", schedulePath(name, "/trigger"), { idempotencyKey });
  return accepted.taskId;
}

export function usePauseSchedule() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, paused }: { name: string; paused: boolean }) => send<Schedule>("POST", schedulePath(name, paused ? "/pause" : "/resume")),
    onSettled: () => refreshJobs(client),
  });
}

export function useDeleteSchedule() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, version }: { name: string; version: number }) =>
      send("DELETE", schedulePath(name), undefined, { headers: { "If-Match": `"${version}"` } }),
    onSettled: () => refreshJobs(client),
  });
}
