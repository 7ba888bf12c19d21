import type { QueryValue } from "../../api/client";
import type { BulkSelection } from "../../api/bulk";
import type { ExecutionFilter, ListState } from "./filters";

/** Lengths of time that a list can go back, by their words. */
export const ranges = [
  { id: "15m", word: "15 minutes", ms: 15 * 60_000 },
  { id: "1h", word: "hour", ms: 3_600_000 },
  { id: "6h", word: "6 hours", ms: 6 * 3_600_000 },
  { id: "24h", word: "24 hours", ms: 86_400_000 },
  { id: "7d", word: "7 days", ms: 7 * 86_400_000 },
  { id: "30d", word: "30 days", ms: 30 * 86_400_000 },
] as const;

/** The states of the server that one of the list's stands for. */
export const serverStates: Record<ListState, readonly string[]> = {
  // "accepted" is over in a moment and means the same to a person.
  queued: ["accepted", "queued"],
  running: ["running"],
  retrying: ["retrying"],
  succeeded: ["succeeded"],
  partially_succeeded: ["partially_succeeded"],
  failed: ["failed"],
  timed_out: ["timed_out"],
  cancelled: ["cancelled"],
};

/** A filter as the server's parameters; `range` counts back from `now`. */
export function listQuery(filter: ExecutionFilter, range: string | undefined, now: number): Record<string, QueryValue> {
  const back = ranges.find((one) => one.id === range);
  return {
    state: filter.states.flatMap((state) => serverStates[state]),
    job: filter.job,
    queue: filter.queue,
    schedule: filter.schedule,
    tag: filter.tag,
    q: filter.text,
    since: filter.since ?? (back ? new Date(now - back.ms).toISOString() : undefined),
    until: filter.until,
  };
}

/** The same filter as the selection of a change of many; without any filter all of them are meant, and it says so. */
export function selectionOf(query: Record<string, QueryValue>): BulkSelection {
  const given = Object.fromEntries(
    Object.entries(query).filter(
      ([, value]) => value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0),
    ),
  ) as BulkSelection;
  return Object.keys(given).length > 0 ? given : { all: true };
}

/** How many executions the list has in all, by its counts; "retrying" counts some of the queued and running ones again. */
export function totalOf(counts: Record<string, number>, states: readonly ListState[]): number {
  const names = states.length > 0 ? states : (Object.keys(serverStates) as ListState[]).filter((state) => state !== "retrying");
  return names.reduce((sum, state) => sum + countOf(counts, state), 0);
}

/** How many executions are in one of the list's states. */
export function countOf(counts: Record<string, number>, state: ListState): number {
  return serverStates[state].reduce((sum, name) => sum + (counts[name] ?? 0), 0);
}
