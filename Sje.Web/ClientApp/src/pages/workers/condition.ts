import type { Worker } from "../../api/workers";

/** How a worker is. */
export type Condition = "alive" | "suspect" | "lost" | "draining" | "paused" | "stopped";

/** The words of the page; the kit's word for a lost one is of an attempt. */
export const WORDS: Partial<Record<Condition, string>> = { lost: "Lost" };

/** What each means, for the hover text and the panel. */
export const MEANINGS: Record<Condition, string> = {
  alive: "It claims tasks and renews its lease.",
  suspect: "Its heartbeat is late. Its tasks stay its own until the lease ends.",
  lost: "Its lease has ended without a word. What it ran has gone back to the queue.",
  draining: "It takes nothing new and ends when what it runs has ended.",
  paused: "It takes nothing new until it is resumed; what it runs goes on.",
  stopped: "It was stopped in order.",
};

/** A heartbeat comes every two seconds. */
const LATE_MS = 5000;
const KNOWN = new Set<string>(Object.keys(MEANINGS));

/** The condition that the server names, else what its times say at `now`. */
export function conditionOf(worker: Pick<Worker, "alive" | "state" | "pausedAt" | "heartbeatAt" | "condition">, now: Date): Condition {
  if (worker.condition && KNOWN.has(worker.condition)) return worker.condition as Condition;
  if (worker.state === "stopped") return "stopped";
  if (!worker.alive) return "lost";
  if (now.getTime() - Date.parse(worker.heartbeatAt) > LATE_MS) return "suspect";
  if (worker.state === "draining") return "draining";
  return worker.pausedAt ? "paused" : "alive";
}

export function isGone(condition: Condition): boolean {
  return condition === "lost" || condition === "stopped";
}

/** For how long a lost worker stays in the list by itself. */
const LOST_SHOWN_MS = 60 * 60_000;

/**
 * Live workers, then those that were lost in the last hour; with `all` everything that is gone. By name; of one name the newest first.
 */
export function listed(alive: readonly Worker[], newest: readonly Worker[], all: boolean, now: Date): Worker[] {
  const here = new Set(alive.map((worker) => worker.id));
  const names = new Set(alive.map((worker) => worker.name));
  const gone = newest.filter((worker) => {
    if (here.has(worker.id) || worker.alive) return false;
    if (all) return true;
    // One that is back under its name is no news.
    return conditionOf(worker, now) === "lost" && !names.has(worker.name) && now.getTime() - Date.parse(worker.leaseUntil) < LOST_SHOWN_MS;
  });
  const order = (a: Worker, b: Worker) => a.name.localeCompare(b.name, "en", { numeric: true }) || b.startedAt.localeCompare(a.startedAt);
  return [...[...alive].sort(order), ...gone.sort((a, b) => b.leaseUntil.localeCompare(a.leaseUntil))];
}
