import { addressOf, get } from "./client";
import type { LogHit, LogHitBucket, LogLine, LogPage, LogSearchPage, LogSummary } from "./schema";

export type { LogHit, LogHitBucket, LogLine, LogPage, LogSearchPage, LogSummary };

/** The lines that a log can be narrowed to: of a level and graver ones, or what was written to stderr. */
export const logLevels = ["error", "warn", "info", "debug", "stderr"] as const;
export type LogLevelFilter = (typeof logLevels)[number];

/** Whose log. Without a task the one most worth reading, without an attempt the newest. */
export interface LogPlace {
  executionId: string;
  task?: string | undefined;
  attempt?: number | undefined;
}

/** Text that is looked for. */
export interface LogPatternText {
  q: string;
  regex: boolean;
  ignoreCase: boolean;
}

const pathOf = (place: LogPlace) => `/executions/${encodeURIComponent(place.executionId)}/logs`;
const queryOf = ({ task, attempt }: LogPlace) => ({ task, attempt });

/** How many characters of a line are read for the list; the rest is shown on demand. */
export const LINE_WIDTH = 2_000;

export const readSummary = (place: LogPlace, signal?: AbortSignal) =>
  get<LogSummary>(`${pathOf(place)}/summary`, { query: queryOf(place), signal });

/** Lines from a number on; of a level: from a rank on, or from the first one at or behind a line. */
export const readLines = (
  place: LogPlace,
  range: { from?: number; count: number; level?: LogLevelFilter | undefined; line?: number; whole?: boolean },
  signal?: AbortSignal,
) => {
  const { whole, ...query } = range;
  return get<LogPage>(pathOf(place), { query: { ...queryOf(place), ...query, width: whole ? undefined : LINE_WIDTH }, signal });
};

export const searchLog = (
  place: LogPlace,
  query: LogPatternText & { level?: LogLevelFilter | undefined; from?: number; to?: number; limit: number; total?: boolean },
  signal?: AbortSignal,
) => get<LogSearchPage>(`${pathOf(place)}/search`, { query: { ...queryOf(place), ...query }, signal });

/** The visible text of lines, for the clipboard. */
export const readText = (
  place: LogPlace,
  range: { from?: number; to?: number; level?: LogLevelFilter | undefined },
  signal?: AbortSignal,
) => get<string>(`${pathOf(place)}/text`, { query: { ...queryOf(place), ...range, plain: true }, signal, headers: { Accept: "text/plain" } });

/** Where the text can be had as a file. */
export const textAddress = (place: LogPlace, level?: LogLevelFilter) =>
  addressOf(`${pathOf(place)}/text`, { ...queryOf(place), level, plain: true });

/** Where lines come as they are written, from a number on. */
export const followAddress = (place: LogPlace, from: number) => addressOf(pathOf(place), { ...queryOf(place), from });
