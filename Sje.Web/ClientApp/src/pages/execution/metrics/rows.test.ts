import { describe, expect, it } from "vitest";
import { skewOf, spreadOf } from "./quantiles";
import { metricWords, nodeRowsOf, unitOf } from "./rows";

describe("rows per node", () => {
  it("are read in the order of the pipeline", () =>
    expect(
      nodeRowsOf([
        { node: "flights", type: "source.parquet", rowsIn: 0, rowsOut: 3_000_000 },
        { node: "late", type: "filter", rowsIn: 3_000_000, rowsOut: null },
      ]),
    ).toEqual([
      { node: "flights", type: "source.parquet", rowsIn: 0, rowsOut: 3_000_000 },
      { node: "late", type: "filter", rowsIn: 3_000_000, rowsOut: null },
    ]));
  it("are none of what is something else", () => {
    expect(nodeRowsOf(null)).toBeUndefined();
    expect(nodeRowsOf([{ path: "x" }, 3])).toBeUndefined();
  });
});

it("knows units by names", () => {
  expect(["memory_peak_bytes", "cpu_seconds", "submit_ms", "rows_in"].map(unitOf)).toEqual([
    "bytes",
    "seconds",
    "milliseconds",
    "count",
  ]);
  expect(metricWords("memory_peak_bytes")).toBe("memory peak");
  expect(metricWords("rows_in")).toBe("rows in");
  expect(metricWords("core_seconds")).toBe("core time");
});

describe("spread", () => {
  it("takes what is left out as zero", () => expect(spreadOf({ median: 2, max: 8 })).toEqual([0, 0, 2, 0, 8]));
  it("tells skew by the longest against the median", () => {
    expect(skewOf({ median: 2, max: 8 })).toBe(4);
    expect(skewOf({ max: 8 })).toBeUndefined();
  });
});
