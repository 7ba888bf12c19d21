import type { ExecutionSeries } from "../../api/series";

/** Throughput as lines of a chart: how many ended a stretch, by what they came to. */
export interface Throughput {
  x: number[];
  succeeded: number[];
  failed: number[];
  cancelled: number[];
}

/** How long executions took, as lines of a chart; null where none ended. */
export interface Latency {
  x: number[];
  p50: (number | null)[];
  p95: (number | null)[];
  p99: (number | null)[];
}

const sum = (ended: Record<string, number>, names: readonly string[]) => names.reduce((all, name) => all + (ended[name] ?? 0), 0);

export function throughputOf(series: ExecutionSeries): Throughput {
  return {
    x: series.points.map((point) => Date.parse(point.at)),
    succeeded: series.points.map((point) => sum(point.ended, ["succeeded", "partially_succeeded"])),
    failed: series.points.map((point) => sum(point.ended, ["failed", "timed_out"])),
    cancelled: series.points.map((point) => sum(point.ended, ["cancelled"])),
  };
}

export function latencyOf(series: ExecutionSeries, of: "run" | "wait"): Latency {
  return {
    x: series.points.map((point) => Date.parse(point.at)),
    p50: series.points.map((point) => point[of].p50Ms ?? null),
    p95: series.points.map((point) => point[of].p95Ms ?? null),
    p99: series.points.map((point) => point[of].p99Ms ?? null),
  };
}

/** How many ended in the whole window, and how many of them failed. */
export function totalsOf(series: ExecutionSeries): { ended: number; failed: number } {
  const { succeeded, failed, cancelled } = throughputOf(series);
  const add = (values: number[]) => values.reduce((all, value) => all + value, 0);
  return { ended: add(succeeded) + add(failed) + add(cancelled), failed: add(failed) };
}
