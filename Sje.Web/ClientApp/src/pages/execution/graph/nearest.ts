import type { Spot } from "./layout";

/** The box next to another in a direction: the closest whose way there leads more in that direction than across it. */
export function nearest(spots: readonly Spot[], from: Spot, direction: "left" | "right" | "up" | "down"): Spot | undefined {
  let best: Spot | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  const [ax, ay] = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] }[direction] as [number, number];
  for (const spot of spots) {
    const along = (spot.x - from.x) * ax + (spot.y - from.y) * ay;
    const across = Math.abs((spot.x - from.x) * ay + (spot.y - from.y) * ax);
    if (along < 1) continue;
    const cost = along + 2 * across;
    if (cost < bestCost) [best, bestCost] = [spot, cost];
  }
  return best;
}
