import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { get } from "./client";

/** What happened in one stretch of time. */
export interface SeriesPoint {
  at: string;
  succeeded: number;
  failed: number;
  cancelled: number;
  p50Ms?: number | null;
  p95Ms?: number | null;
  p99Ms?: number | null;
}

/** Throughput by outcome and latency over a window of time. */
export interface ExecutionSeries {
  from: string;
  to: string;
  stepMs: number;
  points: SeriesPoint[];
}

/** At most so many points: more than a chart has pixels for. */
const points = 240;

/** Throughput and latency from one instant to another. */
export function useSeries(range: { from: string; to: string }, key: string, job?: string) {
  return useQuery({
    queryKey: ["series", key, job ?? ""],
    queryFn: ({ signal }) => get<ExecutionSeries>("/executions/series", { query: { ...range, points, job }, signal }),
    placeholderData: keepPreviousData,
  });
}
