import { expect, it } from "vitest";
import { pointsOf } from "./Spark";

it("puts the newest point at the right edge and the highest at the top", () => {
  expect(pointsOf([0, 5, 10], 3, 10, 20, 12)).toBe("0,11 10,6 20,1");
  expect(pointsOf([10], 3, 10, 20, 12)).toBe("20,1");
  expect(pointsOf([0, 0], 2, 0, 20, 12)).toBe("0,11 20,11");
});
