import { describe, expect, it } from "vitest";
import { nextLook, type Worker } from "../../api/workers";
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

describe("workers are looked at again", () => {
  const leased = (beatAgo: number, condition: Worker["condition"] = "alive") => worker({ condition, heartbeatAt: ago(beatAgo), leaseUntil: ago(beatAgo - 7) });
  const now = NOW.getTime();

  it("when the next of them would be suspect or lost", () => {
    expect(nextLook([leased(1), leased(2)], now)).toBe(2_300);
    expect(nextLook([leased(5, "suspect"), leased(1)], now)).toBe(2_100);
  });

  it("never more often than each second, and not for those that are gone", () => {
    expect(nextLook([leased(6.9, "suspect")], now)).toBe(1_000);
    expect(nextLook([leased(5, "lost")], now)).toBe(5_000);
  });

  it("in time also where the browser's clock is behind", () => expect(nextLook([leased(-3600)], now)).toBeLessThanOrEqual(7_100));
});
