import { expect, it } from "vitest";
import { task } from "../testing";
import { stateOf } from "./boxState";
import { nearest } from "./nearest";

const spots = [
  { key: "a", x: 0, y: 50 },
  { key: "b", x: 250, y: 0 },
  { key: "c", x: 250, y: 60 },
  { key: "d", x: 500, y: 50 },
];

it("goes to the closest box in a direction", () => {
  const [a, b, c, d] = spots as [(typeof spots)[0], (typeof spots)[0], (typeof spots)[0], (typeof spots)[0]];
  expect(nearest(spots, a, "right")).toBe(c);
  expect(nearest(spots, c, "up")).toBe(b);
  expect(nearest(spots, d, "left")).toBe(c);
  expect(nearest(spots, d, "right")).toBeUndefined();
});

it("lets the worst state speak for a group, and counts them all", () =>
  expect(
    stateOf({
      key: "g",
      label: "part ×3",
      after: [],
      tasks: [task("1", { state: "succeeded" }), task("2", { state: "failed" }), task("3", { state: "succeeded" })],
    }),
  ).toEqual({ state: "failed", words: "1 failed, 2 succeeded" }));
