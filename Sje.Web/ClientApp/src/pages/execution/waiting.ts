import type { ExecutionItem, TaskItem } from "../../api/executions";

/** What a person reads while nothing runs yet. */
export interface Waiting {
  title: string;
  reason: string;
}

/** Says where a task stands in line; undefined for one that waits for nothing. */
export function waitingOf(
  execution: Pick<ExecutionItem, "queue" | "waitReason">,
  task: TaskItem | undefined,
): Waiting | undefined {
  if (!task || !["blocked", "queued", "waiting_retry"].includes(task.state)) return undefined;
  const reason = task.waitReason ?? execution.waitReason ?? "";
  if (task.state === "blocked") return { title: "Waiting for other tasks", reason: reason || "its dependencies have not ended" };
  if (task.state === "waiting_retry") {
    return {
      title: `Attempt ${task.attempt} of ${task.maxAttempts} failed; it will be tried again`,
      reason: task.reason ?? reason,
    };
  }
  if (task.queuePosition != null) return { title: `Waiting for worker, position ${task.queuePosition} in ${task.queue}`, reason };
  return { title: `Waiting for worker in ${task.queue}`, reason: reason || "it was accepted just now" };
}
