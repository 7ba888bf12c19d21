import { describe, expect, it } from "vitest";
import type { Worker } from "../../api/workers";
import { listed } from "./condition";

const NOW = new Date("2026-11-26T12:00:00Z");
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000).toISOString();
const worker = (change: Partial<Worker>): Worker =>
  ({ id: change.name ?? "w", name: "w", alive: true, condition: "alive", leaseUntil: ago(-6), startedAt: ago(100), ...change }) as Worker;

describe("the list of workers", () => {
  const alive = [worker({ name: "b10" }), worker({ name: "b2" })];
  const lost = worker({ name: "x", alive: false, condition: "lost", leaseUntil: ago(60) });
  const old = worker({ name: "y", alive: false, condition: "lost", leaseUntil: ago(7200) });
  const back = worker({ id: "older", name: "b2", alive: false, condition: "lost", leaseUntil: ago(60) });
  const stopped = worker({ name: "z", alive: false, condition: "stopped", leaseUntil: ago(10) });
  const newest = [...alive, lost, old, back, stopped];

  it("has the living by name, then those that were lost in the last hour and are not back", () => {
    expect(listed(alive, newest, false, NOW).map((each) => each.name)).toEqual(["b2", "b10", "x"]);
  });

  it("has all that are gone when asked", () => {
    expect(listed(alive, newest, true, NOW).map((each) => each.id)).toEqual(["b2", "b10", "z", "x", "older", "y"]);
  });
});
