import { expect, it } from "vitest";
import type { ExecutionSeries } from "../../api/series";
import { latencyOf, throughputOf, totalsOf } from "./chartData";

const none = { p50Ms: null, p95Ms: null, p99Ms: null };
const series: ExecutionSeries = {
  from: "2026-11-26T12:00:00Z",
  to: "2026-11-26T12:02:00Z",
  stepSeconds: 60,
  points: [
    {
      at: "2026-11-26T12:00:00Z",
      ended: { succeeded: 3, partially_succeeded: 1, failed: 1, timed_out: 1 },
      run: { p50Ms: 5, p95Ms: 9, p99Ms: 9 },
      wait: none,
    },
    { at: "2026-11-26T12:01:00Z", ended: { cancelled: 2 }, run: none, wait: none },
  ],
};

it("draws what ended by what it came to", () =>
  expect(throughputOf(series)).toEqual({
    x: [Date.parse("2026-11-26T12:00:00Z"), Date.parse("2026-11-26T12:01:00Z")],
    succeeded: [4, 0],
    failed: [2, 0],
    cancelled: [0, 2],
  }));

it("leaves a gap where nothing was measured", () => expect(latencyOf(series, "run").p95).toEqual([9, null]));

it("adds the window up", () => expect(totalsOf(series)).toEqual({ ended: 8, failed: 2 }));
