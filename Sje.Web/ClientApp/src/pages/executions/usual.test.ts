import { describe, expect, it } from "vitest";
import { barOf, medianOf } from "./usual";

describe("the median", () => {
  it("is the middle one", () => expect(medianOf([9, 1, 5])).toBe(5));
  it("is the mean of the middle two", () => expect(medianOf([4, 1, 3, 2])).toBe(2.5));
  it("is none of nothing", () => expect(medianOf([])).toBeUndefined());
});

describe("a duration bar", () => {
  it("is half full at the median", () => expect(barOf(1000, 1000)).toEqual({ fill: 0.5, tick: 0.5, ratio: 1, slow: false }));
  it("is full from twice the median on, and says how far over", () =>
    expect(barOf(9000, 1000)).toEqual({ fill: 1, tick: 0.5, ratio: 9, slow: true }));
  it("cries no wolf over milliseconds", () => expect(barOf(90, 10).slow).toBe(false));
  it("is empty where nothing is known", () => expect(barOf(9000, undefined).tick).toBeUndefined());
});
