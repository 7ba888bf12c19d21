import type { Queue } from "../../api/queues";

/** How a queue is, as one of the states that have a look. */
export type QueueState = "paused" | "failed" | "retrying" | "running" | "queued" | "ok";

/** The word of each. */
export const STATE_WORDS: Record<QueueState, string> = {
  paused: "Paused",
  failed: "No worker",
  retrying: "Held",
  running: "Running",
  queued: "Waiting",
  ok: "Idle",
};

/** Paused before unserved before held: the first that explains why nothing starts. */
export function stateOf(queue: Pick<Queue, "pausedAt" | "workers" | "queued" | "running" | "waitingRetry"> & { heldBecause?: string | null }): QueueState {
  if (queue.pausedAt) return "paused";
  if (queue.workers === 0 && queue.queued + queue.waitingRetry > 0) return "failed";
  if (queue.heldBecause && queue.queued > 0) return "retrying";
  if (queue.running > 0) return "running";
  return queue.queued > 0 ? "queued" : "ok";
}
