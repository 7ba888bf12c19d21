import { describe, expect, it } from "vitest";
import { readFilter } from "./filters";
import { countOf, listQuery, selectionOf, totalOf } from "./query";

const now = Date.parse("2026-11-26T12:00:00Z");

describe("the query of a list", () => {
  it("asks for all that a state stands for", () =>
    expect(listQuery(readFilter({ state: "queued,failed" }), undefined, now)["state"]).toEqual(["accepted", "queued", "failed"]));
  it("counts a range back from now, unless an instant is given", () => {
    expect(listQuery(readFilter({}), "1h", now)["since"]).toBe("2026-11-26T11:00:00.000Z");
    expect(listQuery(readFilter({ since: "2026-11-01T00:00:00Z" }), "1h", now)["since"]).toBe("2026-11-01T00:00:00Z");
    expect(listQuery(readFilter({}), "forever", now)["since"]).toBeUndefined();
  });
});

describe("the selection of a change of many", () => {
  it("is the filter", () =>
    expect(selectionOf(listQuery(readFilter({ state: "failed", q: "x" }), undefined, now))).toEqual({
      state: ["failed"],
      q: "x",
    }));
  it("says so when it means all", () => expect(selectionOf(listQuery(readFilter({}), undefined, now))).toEqual({ all: true }));
});

describe("counts", () => {
  const counts = { accepted: 1, queued: 4, running: 3, retrying: 2, succeeded: 10, failed: 5 };
  it("take accepted as queued", () => expect(countOf(counts, "queued")).toBe(5));
  it("count nothing twice", () => {
    expect(totalOf(counts, [])).toBe(23);
    expect(totalOf(counts, ["failed", "retrying"])).toBe(7);
  });
});
