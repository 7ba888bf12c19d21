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
  const behind = /^behind (\d+)( or more)? others? in queue/.exec(reason);
  if (behind) {
    const position = `${Number(behind[1]) + 1}${behind[2] ? " or later" : ""}`;
    return { title: `Waiting for worker, position ${position} in ${task.queue}`, reason };
  }
  if (reason === "waits for a free slot") return { title: `Waiting for worker, position 1 in ${task.queue}`, reason };
  return { title: `Waiting for worker in ${task.queue}`, reason: reason || "it was accepted just now" };
}
