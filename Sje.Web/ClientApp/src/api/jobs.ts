import { infiniteQueryOptions, keepPreviousData, queryOptions, useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { get, getTagged, pages, send, type Page } from "./client";
import { lookAgain } from "./unfinished";

/** One of the last executions of a job, as a tick. */
export interface JobLastRun {
  id: string;
  state: string;
  startedAt?: string | null;
  durationMs?: number | null;
}

/** A saved job in a list. */
export interface JobItem {
  name: string;
  version: number;
  description?: string | null;
  type: string;
  queue: string;
  tags: string[];
  updatedAt: string;
  pausedAt?: string | null;
  pausedBy?: string | null;
  pauseReason?: string | null;
  lastRuns?: JobLastRun[] | null;
  nextAt?: string | null;
  actions?: string[] | null;
}

/** A saved job at one version; `job` is its file in canonical form. */
export interface Job {
  name: string;
  version: number;
  job: Record<string, unknown>;
  createdAt: string;
  updatedAt: string;
  createdBy?: string | null;
  pausedAt?: string | null;
  pausedBy?: string | null;
  pauseReason?: string | null;
  nextAt?: string | null;
  actions?: string[] | null;
}

export interface JobVersion {
  version: number;
  createdAt: string;
  createdBy?: string | null;
}

/** An execution as the grid of a job's page needs it. */
export interface RunExecution {
  id: string;
  state: string;
  retrying: boolean;
  jobVersion?: number | null;
  trigger: string;
  schedule?: string | null;
  acceptedAt: string;
  startedAt?: string | null;
  finishedAt?: string | null;
  attempt: number;
  maxAttempts: number;
  waitReason?: string | null;
  errorMessage?: string | null;
}

/** A task of an execution; `task` is its column. */
export interface RunCell {
  task: number;
  state: string;
  attempt: number;
  failures: number;
  durationMs?: number | null;
}

export interface Run {
  execution: RunExecution;
  cells: RunCell[];
}

export interface RunGrid {
  tasks: string[];
  taskOffset: number;
  taskCount: number;
  runs: Run[];
  nextCursor?: string | null;
}

export interface JobFilter {
  q?: string;
  type?: string;
  tag?: string;
  paused?: string;
  sort?: string;
}

/** How many jobs a page of the list has. */
export const JOBS_PER_PAGE = 50;
export const RUNS_PER_PAGE = 25;
export const TASKS_PER_PAGE = 50;

/** `/jobs/nightly%20load`, and what is under it. */
export function jobPath(name: string, rest = ""): string {
  return `/jobs/${encodeURIComponent(name)}${rest}`;
}

export const jobQueries = {
  all: ["jobs"] as const,
  list: (filter: JobFilter) =>
    infiniteQueryOptions({
      queryKey: ["jobs", "list", filter],
      ...pages<JobItem>("/jobs", { ...filter, limit: JOBS_PER_PAGE }),
      placeholderData: keepPreviousData,
      refetchInterval: ({ state }) =>
        lookAgain((state.data?.pages ?? []).flatMap((page) => page.items.flatMap((job) => (job.lastRuns ?? []).map((run) => run.state)))),
    }),
  /** Names for a chooser. */
  names: (q: string) =>
    queryOptions({
      queryKey: ["jobs", "names", q],
      queryFn: ({ signal }) => get<Page<JobItem>>("/jobs", { query: { q, limit: 20 }, signal }),
      placeholderData: keepPreviousData,
    }),
  one: (name: string) =>
    queryOptions({
      queryKey: ["jobs", "one", name],
      queryFn: async ({ signal }) => (await getTagged<Job>(jobPath(name), { signal })).value,
    }),
  version: (name: string, version: number) =>
    queryOptions({
      queryKey: ["jobs", "version", name, version],
      queryFn: ({ signal }) => get<Job>(jobPath(name), { query: { version }, signal }),
      // A version never changes.
      staleTime: Infinity,
    }),
  versions: (name: string) =>
    infiniteQueryOptions({
      queryKey: ["jobs", "versions", name],
      ...pages<JobVersion>(jobPath(name, "/versions"), { limit: 50 }),
    }),
  runs: (name: string, page: { state?: string; cursor?: string; taskOffset: number }) =>
    queryOptions({
      queryKey: ["jobs", "runs", name, page],
      queryFn: ({ signal }) => get<RunGrid>(jobPath(name, "/runs"), { query: { ...page, limit: RUNS_PER_PAGE, tasks: TASKS_PER_PAGE }, signal }),
      placeholderData: keepPreviousData,
      refetchInterval: ({ state }) => lookAgain((state.data?.runs ?? []).map((run) => run.execution.state)),
    }),
};

/** Checks a text as the server would save it: the job in canonical form. Throws the refusal with every fault. */
export function validateJob(text: string, mediaType: string, signal: AbortSignal): Promise<{ job: Record<string, unknown> }> {
  return send("POST", "/jobs:validate", text, { headers: { "Content-Type": mediaType }, signal });
}

/** Saves a text under a name: over `baseVersion`, or as a new job where that is 0. */
export function saveJob(name: string, text: string, mediaType: string, baseVersion: number): Promise<Job> {
  return send("PUT", jobPath(name), text, {
    headers: {
      "Content-Type": mediaType,
      ...(baseVersion === 0 ? { "If-None-Match": "*" } : { "If-Match": `"${baseVersion}"` }),
    },
  });
}

/** Starts an execution and returns its id. */
export async function runJob(name: string, parameters: Record<string, unknown>, idempotencyKey: string): Promise<string> {
  const accepted = await send<{ taskId: string }>("POST", jobPath(name, "/executions"), { parameters, idempotencyKey });
  return accepted.taskId;
}

/** Pauses a job or ends its pause. */
export function usePauseJob() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, paused }: { name: string; paused: boolean }) => send<Job>("POST", jobPath(name, paused ? "/pause" : "/resume")),
    onSettled: () => refreshJobs(client),
  });
}

export function useDeleteJob() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, version }: { name: string; version: number }) =>
      send("DELETE", jobPath(name), undefined, { headers: { "If-Match": `"${version}"` } }),
    onSuccess: (_, { name }) => {
      client.removeQueries({ queryKey: ["jobs", "one", name] });
      return refreshJobs(client);
    },
  });
}

/** Reads again what is shown of jobs and of the schedules that came and went with them. */
export async function refreshJobs(client: QueryClient): Promise<void> {
  await Promise.all([client.invalidateQueries({ queryKey: ["jobs"] }), client.invalidateQueries({ queryKey: ["schedules"] })]);
}
