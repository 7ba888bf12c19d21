import { describe, expect, it } from "vitest";
import type { Worker } from "../../api/workers";
import { conditionOf, listed } from "./condition";

const NOW = new Date("2026-11-26T12:00:00Z");
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000).toISOString();
const worker = (change: Partial<Worker>): Worker =>
  ({ id: change.name ?? "w", name: "w", alive: true, state: "active", pausedAt: null, heartbeatAt: ago(1), leaseUntil: ago(-6), startedAt: ago(100), ...change }) as Worker;

describe("the condition of a worker", () => {
  it("is the server's where it names one", () => {
    expect(conditionOf(worker({ condition: "suspect" }), NOW)).toBe("suspect");
    expect(conditionOf(worker({ condition: "something new" as never, heartbeatAt: ago(1) }), NOW)).toBe("alive");
  });

  it("is read from its times else", () => {
    expect(conditionOf(worker({}), NOW)).toBe("alive");
    expect(conditionOf(worker({ heartbeatAt: ago(6) }), NOW)).toBe("suspect");
    expect(conditionOf(worker({ alive: false }), NOW)).toBe("lost");
    expect(conditionOf(worker({ alive: false, state: "stopped" }), NOW)).toBe("stopped");
    expect(conditionOf(worker({ state: "draining" }), NOW)).toBe("draining");
    expect(conditionOf(worker({ pausedAt: ago(5) }), NOW)).toBe("paused");
  });
});

describe("the list of workers", () => {
  const alive = [worker({ name: "b10" }), worker({ name: "b2" })];
  const lost = worker({ name: "x", alive: false, state: "dead", leaseUntil: ago(60) });
  const old = worker({ name: "y", alive: false, state: "dead", leaseUntil: ago(7200) });
  const back = worker({ id: "older", name: "b2", alive: false, state: "dead", leaseUntil: ago(60) });
  const stopped = worker({ name: "z", alive: false, state: "stopped", leaseUntil: ago(10) });
  const newest = [...alive, lost, old, back, stopped];

  it("has the living by name, then those that were lost in the last hour and are not back", () => {
    expect(listed(alive, newest, false, NOW).map((each) => each.name)).toEqual(["b2", "b10", "x"]);
  });

  it("has all that are gone when asked", () => {
    expect(listed(alive, newest, true, NOW).map((each) => each.id)).toEqual(["b2", "b10", "z", "x", "older", "y"]);
  });
});
