import { useQuery } from "@tanstack/react-query";
import { executionKeys, readAll, type TaskError } from "./executions";

/** How an attempt ended. */
export type AttemptOutcome = "succeeded" | "failed" | "timed_out" | "cancelled" | "lost" | "drained" | "released" | "restarted";

/** One claim of a task by one worker; without an outcome it is under way. */
export interface AttemptItem {
  taskId: string;
  task: string;
  number: number;
  workerId: string;
  worker: string;
  startedAt: string;
  endedAt?: string | null;
  outcome?: AttemptOutcome | null;
  error?: TaskError | null;
}

/** Every attempt of an execution. */
export function useAttempts(id: string, enabled = true) {
  return useQuery({
    queryKey: executionKeys.attempts(id),
    enabled,
    queryFn: ({ signal }) => readAll<AttemptItem>(`/executions/${id}/attempts`, signal),
  });
}
