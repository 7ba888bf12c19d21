import { expect, it } from "vitest";
import { boxSize, layoutOf } from "./layout";

it("lays a diamond out from left to right without overlaps", () => {
  const layout = layoutOf({
    id: 7,
    keys: ["a", "b", "c", "d"],
    edges: [
      ["a", "b"],
      ["a", "c"],
      ["b", "d"],
      ["c", "d"],
    ],
  });
  const at = Object.fromEntries(layout.spots.map((spot) => [spot.key, spot]));
  expect(layout.id).toBe(7);
  expect(at["a"]?.x).toBeLessThan(at["b"]?.x ?? 0);
  expect(at["b"]?.x).toBe(at["c"]?.x);
  expect(at["c"]?.x).toBeLessThan(at["d"]?.x ?? 0);
  expect(Math.abs((at["b"]?.y ?? 0) - (at["c"]?.y ?? 0))).toBeGreaterThanOrEqual(boxSize.height);
  expect(layout.ways).toHaveLength(4);
  expect(layout.ways.every((way) => way.points.length >= 2)).toBe(true);
  expect(layout.width).toBeGreaterThan(3 * boxSize.width);
});

it("lays 500 boxes out within two seconds", () => {
  const keys = Array.from({ length: 500 }, (_, i) => `t${i}`);
  const began = performance.now();
  layoutOf({ id: 1, keys, edges: keys.slice(10).map((key, i) => [keys[i] as string, key]) });
  expect(performance.now() - began).toBeLessThan(2000);
});
