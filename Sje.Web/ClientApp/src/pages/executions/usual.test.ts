import { describe, expect, it } from "vitest";
import { barOf, comparedTo } from "./usual";

describe("a duration bar", () => {
  it("is half full at the median", () => expect(barOf(1000, 1000)).toEqual({ fill: 0.5, tick: 0.5, ratio: 1, slow: false }));
  it("is full from twice the median on, and says how far over", () =>
    expect(barOf(9000, 1000)).toEqual({ fill: 1, tick: 0.5, ratio: 9, slow: true }));
  it("cries no wolf over milliseconds", () => expect(barOf(90, 10).slow).toBe(false));
  it("is empty where nothing is known", () => expect(barOf(9000, undefined).tick).toBeUndefined());
});

describe("the comparison in words", () => {
  it("says how many times the usual it took", () => expect(comparedTo(9_000, 2_000)).toMatch(/^4\.5 × the usual 2(\.0)? s$/));
  it("says so where the server knows no usual duration", () => expect(comparedTo(9_000, undefined)).toContain("too few runs"));
});
