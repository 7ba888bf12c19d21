import type { UrlParameters } from "../../base/url";

/** States that a list can be narrowed down to; "retrying" is one of its own beside those of the state machine. */
export const listStates = [
  "queued",
  "running",
  "retrying",
  "succeeded",
  "partially_succeeded",
  "failed",
  "timed_out",
  "cancelled",
] as const;

export type ListState = (typeof listStates)[number];

/** What a list of executions shows: what its address says, read and checked. */
export interface ExecutionFilter {
  states: ListState[];
  job: string | undefined;
  queue: string | undefined;
  schedule: string | undefined;
  tag: string | undefined;
  text: string | undefined;
  since: string | undefined;
  until: string | undefined;
}

/** The parameters of the address that filter. */
export const filterNames = ["state", "job", "queue", "schedule", "tag", "q", "since", "until"] as const;

/** Reads the filter of an address; what makes no sense in it is left out. */
export function readFilter(url: UrlParameters): ExecutionFilter {
  const asked = new Set((url["state"] ?? "").split(",").map((name) => name.trim()));
  return {
    states: listStates.filter((state) => asked.has(state)),
    job: text(url["job"]),
    queue: text(url["queue"]),
    schedule: text(url["schedule"]),
    tag: text(url["tag"]),
    text: text(url["q"]),
    since: instant(url["since"]),
    until: instant(url["until"]),
  };
}

/** The filter as parameters of an address, all of them, so that what is not set is taken out. */
export function writeFilter(filter: Partial<ExecutionFilter>): Record<(typeof filterNames)[number], string | undefined> {
  return {
    state: filter.states && filter.states.length > 0 ? filter.states.join(",") : undefined,
    job: filter.job,
    queue: filter.queue,
    schedule: filter.schedule,
    tag: filter.tag,
    q: filter.text,
    since: filter.since,
    until: filter.until,
  };
}

/** Whether nothing is left out by it. */
export function showsAll(filter: ExecutionFilter): boolean {
  return Object.values(writeFilter(filter)).every((value) => value === undefined);
}

/** The same states with one of them switched. */
export function toggled(states: readonly ListState[], state: ListState): ListState[] {
  const kept = new Set(states);
  if (!kept.delete(state)) kept.add(state);
  return listStates.filter((one) => kept.has(one));
}

function text(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed ? trimmed.slice(0, 200) : undefined;
}

function instant(value: string | undefined): string | undefined {
  return value !== undefined && Number.isFinite(Date.parse(value)) ? value : undefined;
}
