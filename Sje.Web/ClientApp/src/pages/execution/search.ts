import type { UrlParameters } from "../../base/url";

export const tabNames = ["overview", "graph", "metrics", "parameters", "events", "attempts"] as const;

export type TabName = (typeof tabNames)[number];

/** What the address of an execution's page says. */
export interface ExecutionSearch {
  tab: TabName;
  /** The focused task's name; without one the page chooses. */
  task: string | undefined;
  /** The attempt whose log is shown; without one the newest. */
  attempt: number | undefined;
  /** The line of its log that is shown and marked. */
  line: number | undefined;
  /** Which lines of the log, what is looked for in it, and how. */
  level: string | undefined;
  q: string | undefined;
  qmode: string | undefined;
  /** Which tasks the list shows: part of a name, a state. */
  find: string | undefined;
  only: string | undefined;
  /** Whether the Gantt chart begins with the wait in the queue. */
  queueing: boolean;
}

/** Reads an address; what makes no sense in it is left out. */
export function readSearch(url: UrlParameters): ExecutionSearch {
  return {
    tab: tabNames.find((name) => name === url["tab"]) ?? "overview",
    task: url["task"] || undefined,
    attempt: whole(url["attempt"], 1),
    line: whole(url["line"], 0),
    level: url["level"] || undefined,
    q: url["q"] || undefined,
    qmode: url["qmode"] || undefined,
    find: url["find"] || undefined,
    only: url["only"] || undefined,
    queueing: url["queueing"] === "1",
  };
}

function whole(text: string | undefined, least: number): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least ? value : undefined;
}
