import {
  infiniteQueryOptions,
  type InfiniteData,
  keepPreviousData,
  type QueryClient,
  useInfiniteQuery,
  usePrefetchInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { get, type Page, pages, type QueryValue, send } from "./client";

export type ExecutionState =
  "accepted" | "queued" | "running" | "succeeded" | "partially_succeeded" | "failed" | "cancelled" | "timed_out";

export type TaskState =
  "blocked" | "queued" | "running" | "waiting_retry" | "succeeded" | "failed" | "cancelled" | "timed_out" | "skipped";

/** What the server lets this caller do to an object now. */
export type Action = "cancel" | "retry" | "rerun" | "prioritize" | "move" | "skip";

/** A JSON object of a shape that only its author knows. */
export type Values = Record<string, unknown>;

/** An execution as a list shows it: one line, no heavy parts. */
export interface ExecutionItem {
  id: string;
  name: string;
  label?: string | null;
  jobVersion?: number | null;
  jobType: string;
  queue: string;
  priority: number;
  tenant: string;
  tags: string[];
  state: ExecutionState;
  retrying: boolean;
  waitReason?: string | null;
  /** Why it is as it is, in one line: the failure, what it waits for, who cancelled it. */
  reason?: string | null;
  progress?: number | null;
  progressMessage?: string | null;
  attempt: number;
  failures: number;
  maxAttempts: number;
  nextAttemptAt?: string | null;
  worker?: string | null;
  trigger: string;
  schedule?: string | null;
  scheduledFor?: string | null;
  rerunOf?: string | null;
  acceptedBy?: string | null;
  acceptedAt: string;
  startedAt?: string | null;
  finishedAt?: string | null;
  cancelRequestedAt?: string | null;
  cancelReason?: string | null;
  errorClass?: string | null;
  errorMessage?: string | null;
  /** Its place among those of its queue that nothing but others before it keeps waiting, from 1. */
  queuePosition?: number | null;
  /** The median of what the last executions of the job that succeeded took; only where it was asked for, and enough have. */
  typicalDurationMs?: number | null;
  version: number;
  actions?: string[];
}

/** A task of an execution. */
export interface TaskItem {
  id: string;
  name: string;
  ordinal: number;
  type: string;
  queue: string;
  lane: string;
  state: TaskState;
  waitReason?: string | null;
  queuePosition?: number | null;
  progress?: number | null;
  progressMessage?: string | null;
  attempt: number;
  failures: number;
  lost: number;
  maxAttempts: number;
  worker?: string | null;
  dependsOn: string[];
  resources: { cpus: number; memoryBytes: number; labels: string[] };
  nextAttemptAt?: string | null;
  acceptedAt: string;
  queuedAt?: string | null;
  startedAt?: string | null;
  attemptStartedAt?: string | null;
  finishedAt?: string | null;
  cancelRequestedAt?: string | null;
  reason?: string | null;
  error?: TaskError | null;
  outputs?: Values | null;
  metrics?: Record<string, number> | null;
  parts?: unknown;
  backgroundJobId?: number | null;
  /** Where Hangfire shows it; none where its dashboard is off. */
  backgroundJobUrl?: string | null;
  actions?: string[];
}

/** What a failed task says of its failure. */
export interface TaskError {
  class?: string;
  message?: string;
  exitCode?: number | null;
  signal?: string | null;
  logTail?: string | string[] | null;
}

/** An execution on its own page. */
export interface ExecutionDetail extends ExecutionItem {
  job: Values;
  parameters: Values;
  outputs?: Values | null;
  metrics?: Values | null;
  error?: TaskError | null;
  taskCounts: Record<string, number>;
  /** The first thousand. */
  tasks: TaskItem[];
}

/** A page of the list, with counts by state under the same filters but the state. */
export interface ExecutionPage extends Page<ExecutionItem> {
  counts: Record<string, number>;
  countsUpTo: number;
}

/** A state change of an execution or of one of its tasks. */
export interface EventItem {
  id: string;
  at: string;
  kind: string;
  executionId: string;
  taskId?: string | null;
  version?: number | null;
  data: Values;
}

/** What a change answers. */
export interface ExecutionChanged {
  id: string;
  state: ExecutionState;
  cancelRequestedAt?: string | null;
}

/** What a submission answers. */
export interface TaskAccepted {
  taskId: string;
  jobId?: string | null;
  state: ExecutionState;
  queue: string;
}

/** Where in the cache what belongs to executions stands. */
export const executionKeys = {
  all: ["executions"] as const,
  lists: ["executions", "list"] as const,
  list: (query: Record<string, QueryValue>) => ["executions", "list", query] as const,
  counts: (query: Record<string, QueryValue>) => ["executions", "counts", query] as const,
  one: (id: string) => ["executions", "one", id] as const,
  tasks: (id: string) => ["executions", "one", id, "tasks"] as const,
  attempts: (id: string) => ["executions", "one", id, "attempts"] as const,
  events: (id: string) => ["executions", "one", id, "events"] as const,
  spark: (id: string) => ["executions", "one", id, "spark"] as const,
};

/** The list, page by page. What is shown stays while another filter's rows are read. */
export function useExecutionList(query: Record<string, QueryValue>, from: string | undefined) {
  const options = infiniteQueryOptions({
    queryKey: [...executionKeys.list(query), from ?? ""],
    ...pages<ExecutionItem, ExecutionPage>("/executions", query),
    initialPageParam: from,
    // Rows are patched by id as events come; a whole new list would move what a person reads.
    staleTime: Number.POSITIVE_INFINITY,
  });
  // Asked for while the page is drawn, not only once its skeleton has been painted.
  usePrefetchInfiniteQuery(options);
  return useInfiniteQuery({ ...options, placeholderData: keepPreviousData, refetchOnWindowFocus: false });
}

/** How many executions are in each state, "retrying" among them. */
export function useExecutionCounts(query: Record<string, QueryValue> = {}, enabled = true) {
  return useQuery({
    enabled,
    queryKey: executionKeys.counts(query),
    queryFn: ({ signal }) => get<ExecutionCounts>("/executions/counts", { query, signal }),
    placeholderData: keepPreviousData,
  });
}

/** Counts by state; none goes beyond `countsUpTo`. */
export interface ExecutionCounts {
  counts: Record<string, number>;
  countsUpTo: number;
}

/** Reads some executions by id, to patch them into what is shown. */
export async function readExecutions(ids: readonly string[], signal?: AbortSignal): Promise<ExecutionItem[]> {
  const page = await get<ExecutionPage>("/executions", { query: { id: ids, limit: ids.length, typical: true }, signal });
  return page.items;
}

/** Puts newly read executions in the place of those that lists show, without moving a row. */
export function patchExecutions(client: QueryClient, fresh: readonly ExecutionItem[]): void {
  const byId = new Map(fresh.map((item) => [item.id, item]));
  client.setQueriesData<InfiniteData<ExecutionPage>>({ queryKey: executionKeys.lists }, (list) => {
    if (!list) return list;
    let changed = false;
    const patched = list.pages.map((page) => {
      if (!page.items.some((item) => newer(byId.get(item.id), item))) return page;
      changed = true;
      return {
        ...page,
        items: page.items.map((item) => (newer(byId.get(item.id), item) ? (byId.get(item.id) as ExecutionItem) : item)),
      };
    });
    return changed ? { ...list, pages: patched } : list;
  });
}

/** One execution with its first thousand tasks. */
export function useExecution(id: string) {
  return useQuery({
    queryKey: executionKeys.one(id),
    queryFn: ({ signal }) => get<ExecutionDetail>(`/executions/${id}`, { signal }),
  });
}

const mostAtOnce = 1000;

/** All tasks of an execution that has more than its page shows. */
export function useAllTasks(id: string, enabled: boolean) {
  return useQuery({
    queryKey: executionKeys.tasks(id),
    enabled,
    queryFn: ({ signal }) => readAll<TaskItem>(`/executions/${id}/tasks`, signal),
  });
}

/** Every event of an execution, the oldest first. */
export function useExecutionEvents(id: string) {
  return useInfiniteQuery({
    queryKey: executionKeys.events(id),
    ...pages<EventItem>(`/executions/${id}/events`, { limit: 500 }),
  });
}

/** What a person can ask of an execution. */
export type ExecutionChange =
  | { verb: "cancel"; reason?: string }
  | { verb: "retry" }
  | { verb: "retryTask"; task: string }
  | { verb: "skip"; task: string; reason?: string }
  | { verb: "place"; priority?: number | string; queue?: string };

/** Changes an execution, and shows at once what the server made of it. */
export function useChangeExecution(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: ExecutionChange) => changeExecution(id, change),
    onSettled: () => client.invalidateQueries({ queryKey: executionKeys.one(id) }),
  });
}

export function changeExecution(id: string, change: ExecutionChange): Promise<ExecutionChanged> {
  switch (change.verb) {
    case "cancel":
      return send("POST", `/executions/${id}/cancel`, { reason: change.reason });
    case "retry":
      return send("POST", `/executions/${id}/retry`);
    case "retryTask":
      return send("POST", `/dead-letters/${change.task}/requeue`);
    case "skip":
      return send("POST", `/executions/${id}/tasks/${encodeURIComponent(change.task)}/skip`, { reason: change.reason });
    case "place":
      return send("PATCH", `/executions/${id}`, { priority: change.priority, queue: change.queue });
  }
}

/** Runs the same job text once more, with other values where some are given. */
export function rerunExecution(id: string, parameters?: Values): Promise<TaskAccepted> {
  return send("POST", `/executions/${id}/rerun`, { parameters });
}

/** Submits a job file as it is written. */
export function submitJob(text: string): Promise<TaskAccepted> {
  return send("POST", "/task", text);
}

/** Reads a list to its end. */
export async function readAll<T>(path: string, signal: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let next: string | undefined;
  for (;;) {
    const page: Page<T> = await get<Page<T>>(path, { query: { limit: mostAtOnce, cursor: next }, signal });
    items.push(...page.items);
    if (!page.nextCursor) return items;
    next = page.nextCursor;
  }
}

const newer = (fresh: ExecutionItem | undefined, shown: ExecutionItem) => fresh !== undefined && fresh.version >= shown.version;
