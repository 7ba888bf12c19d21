import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { type AttemptItem, useAttempts } from "../../api/attempts";
import { executionKeys, type ExecutionDetail, type TaskItem, useAllTasks, useExecution } from "../../api/executions";
import { usePace } from "../../base/pace";
import { readAgain, useLive } from "../../live";
import { byTask } from "./tasks/timeline";

/** States in which nothing more happens by itself. */
export const finalStates = new Set(["succeeded", "partially_succeeded", "failed", "cancelled", "timed_out"]);

/** All that the page of an execution shows. */
export interface ExecutionPageData {
  execution: ExecutionDetail | undefined;
  tasks: readonly TaskItem[];
  /** Whether more tasks are still being read. */
  tasksComing: boolean;
  attempts: ReadonlyMap<string, readonly AttemptItem[]>;
  attemptsRead: boolean;
  error: unknown;
  retry(): void;
}

/** Reads an execution and keeps it true: events say that something changed, and then it is read again, in place. */
export function useExecutionPage(id: string): ExecutionPageData {
  const client = useQueryClient();
  const detail = useExecution(id);
  const execution = detail.data;
  const total = execution ? Object.values(execution.taskCounts).reduce((sum, count) => sum + count, 0) : 0;
  const hasMore = execution !== undefined && total > execution.tasks.length;
  const more = useAllTasks(id, hasMore);
  const tasks = useMemo(() => (hasMore && more.data ? more.data : (execution?.tasks ?? [])), [execution, hasMore, more.data]);
  // Attempts tell more than the tasks themselves only of tasks that had several, and are not waited for.
  const attempts = useAttempts(id, execution !== undefined && execution.state !== "accepted");
  const grouped = useMemo(() => byTask(attempts.data ?? []), [attempts.data]);

  const refresh = usePace<"all">(() => readAgain(client, executionKeys.one(id)), 400);
  useLive(["executions", "tasks"], (events, { caughtUp }) => {
    if (caughtUp || events.some((event) => event.executionId === id)) refresh("all");
  });

  return {
    execution,
    tasks,
    tasksComing: hasMore && !more.data && !more.error,
    attempts: grouped,
    attemptsRead: attempts.data !== undefined,
    error: detail.error,
    retry: () => void detail.refetch(),
  };
}
