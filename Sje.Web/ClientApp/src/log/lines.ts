import { type LogLevelFilter, type LogPlace, type LogSummary, readLines } from "../api/log";
import type { LogStore } from "./store";

/** How many lines of a level there are. */
export function countOf({ levels }: LogSummary, level: LogLevelFilter): number {
  if (level === "stderr") return levels.stderr;
  const grave = ["error", "warn", "info", "debug"] as const;
  return grave.slice(0, grave.indexOf(level) + 1).reduce((sum, each) => sum + levels[each], 0);
}

/** The next line that is an error, or the one before; undefined where there is none. */
export async function nextError(place: LogPlace, from: number, back: boolean): Promise<number | undefined> {
  const after = await readLines(place, { level: "error", line: from + (back ? 0 : 1), count: 1 });
  if (!back) return after.items[0]?.number;
  const rank = (after.firstRank ?? 1) - 1;
  return rank < 1 ? undefined : (await readLines(place, { level: "error", from: rank, count: 1 })).items[0]?.number;
}

/** The number of the line at an index of what is shown. */
export async function numberAt(store: LogStore, index: number): Promise<number> {
  if (!store.level) return store.firstLine + index;
  const here = store.row(index);
  return here ? here.number : ((await readLines(store.place, { level: store.level, from: index + 1, count: 1 })).items[0]?.number ?? 0);
}
