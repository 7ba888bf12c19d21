import type { Worker } from "../../api/workers";

/** How a worker is, as the server says. */
export type Condition = Worker["condition"];

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
    return worker.condition === "lost" && !names.has(worker.name) && now.getTime() - Date.parse(worker.leaseUntil) < LOST_SHOWN_MS;
  });
  const order = (a: Worker, b: Worker) => a.name.localeCompare(b.name, "en", { numeric: true }) || b.startedAt.localeCompare(a.startedAt);
  return [...[...alive].sort(order), ...gone.sort((a, b) => b.leaseUntil.localeCompare(a.leaseUntil))];
}
