import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { get } from "./client";

/** Percentiles of a length of time; null where there was none. */
export interface Percentiles {
  p50Ms?: number | null;
  p95Ms?: number | null;
  p99Ms?: number | null;
}

/** Executions that ended in one stretch of time: how many in which state, how long they ran and had waited. */
export interface SeriesPoint {
  at: string;
  ended: Record<string, number>;
  run: Percentiles;
  wait: Percentiles;
}

/** Throughput by outcome and latency over a window of time. */
export interface ExecutionSeries {
  from: string;
  to: string;
  stepSeconds: number;
  points: SeriesPoint[];
}

/** At most so many points: more than a chart has pixels for. */
const points = 120;

/** Throughput and latency over a window of time, which `windowOf` tells anew at each read; `key` names the window. */
export function useSeries(windowOf: () => { from: Date; to: Date }, key: string) {
  return useQuery({
    queryKey: seriesKey(key),
    queryFn: ({ signal }) => get<ExecutionSeries>("/executions/series", { query: { ...windowOf(), points }, signal }),
    placeholderData: keepPreviousData,
  });
}

/** Where it stands in the cache. */
export const seriesKey = (key: string) => ["executions-series", key] as const;
