import { describe, expect, it } from "vitest";
import { after, attempt, start, task } from "../testing";
import { byTask, marksOf, place, spanOf, stretchesOf } from "./timeline";

const now = start + 100_000;
const shapes = (stretches: ReturnType<typeof stretchesOf>) =>
  stretches.map((one) => [one.kind, (one.from - start) / 1000, (one.to - start) / 1000, one.outcome, one.open]);

describe("the stretches of a task", () => {
  it("are its wait, its attempts and the pauses between them", () => {
    const one = task("a", { state: "succeeded", attempt: 2, queuedAt: after(1), startedAt: after(3), finishedAt: after(30) });
    const attempts = [
      attempt("a", 1, { startedAt: after(3), endedAt: after(8), outcome: "failed" }),
      attempt("a", 2, { startedAt: after(12), endedAt: after(30), outcome: "succeeded" }),
    ];
    expect(shapes(stretchesOf(one, attempts, now))).toEqual([
      ["waiting", 1, 3, null, false],
      ["attempt", 3, 8, "failed", false],
      ["backoff", 8, 12, null, false],
      ["attempt", 12, 30, "succeeded", false],
    ]);
  });

  it("go on until now while it runs", () => {
    const one = task("a", { state: "running", attempt: 1, queuedAt: after(0), startedAt: after(2), attemptStartedAt: after(2) });
    expect(shapes(stretchesOf(one, [attempt("a", 1, { startedAt: after(2) })], now))).toEqual([
      ["waiting", 0, 2, null, false],
      ["attempt", 2, 100, null, true],
    ]);
  });

  it("show what waits for its next attempt", () => {
    const one = task("a", { state: "waiting_retry", attempt: 1, queuedAt: after(0), startedAt: after(2) });
    const attempts = [attempt("a", 1, { startedAt: after(2), endedAt: after(4), outcome: "failed" })];
    expect(shapes(stretchesOf(one, attempts, now)).at(-1)).toEqual(["backoff", 4, 100, null, true]);
  });

  it("never go on after the task has ended, whatever its attempts say", () => {
    const one = task("a", { state: "cancelled", attempt: 1, queuedAt: after(0), startedAt: after(2), finishedAt: after(9) });
    const stretches = stretchesOf(one, [attempt("a", 1, { startedAt: after(2) })], now);
    expect(shapes(stretches).at(-1)).toEqual(["attempt", 2, 9, "cancelled", false]);
    expect(stretches.some((stretch) => stretch.open)).toBe(false);
  });

  it("can be told from the task alone before its attempts are read", () => {
    const one = task("a", {
      state: "failed",
      attempt: 3,
      queuedAt: after(0),
      startedAt: after(2),
      attemptStartedAt: after(20),
      finishedAt: after(25),
    });
    expect(shapes(stretchesOf(one, undefined, now))).toEqual([
      ["waiting", 0, 20, null, false],
      ["attempt", 20, 25, "failed", false],
    ]);
  });

  it("are a wait alone where it never ran", () => {
    const one = task("a", { state: "cancelled", queuedAt: after(5), finishedAt: after(7) });
    expect(shapes(stretchesOf(one, [], now))).toEqual([["waiting", 5, 7, null, false]]);
  });

  it("are none of a task that is blocked", () =>
    expect(stretchesOf(task("a", { state: "blocked", dependsOn: ["b"] }), [], now)).toEqual([]));
});

describe("the window", () => {
  const tasks = [
    task("a", { state: "succeeded", queuedAt: after(0), startedAt: after(50), finishedAt: after(60) }),
    task("b", { state: "succeeded", queuedAt: after(60), startedAt: after(61), finishedAt: after(70) }),
  ];
  it("begins with the first start", () =>
    expect(spanOf(tasks, new Map(), now, false)).toEqual({ from: start + 50_000, to: start + 70_000 }));
  it("can begin with the first wait", () =>
    expect(spanOf(tasks, new Map(), now, true)).toEqual({ from: start, to: start + 70_000 }));
  it("begins with the first attempt, also of a task that was tried again", () =>
    expect(spanOf(tasks, byTask([attempt("a", 1, { startedAt: after(10) })]), now, false).from).toBe(start + 10_000));
  it("ends now while anything goes on", () =>
    expect(spanOf([...tasks, task("c", { state: "running", startedAt: after(80) })], new Map(), now, false).to).toBe(now));
  it("is never empty", () => {
    const span = spanOf([task("a")], new Map(), start, false);
    expect(span.to).toBeGreaterThan(span.from);
  });
});

describe("a place in the window", () => {
  const span = { from: 0, to: 1000 };
  it("is a share of it", () => expect(place({ from: 250, to: 750 }, span)).toEqual({ left: 0.25, width: 0.5 }));
  it("is cut at its ends", () => expect(place({ from: -500, to: 2000 }, span)).toEqual({ left: 0, width: 1 }));
  it("is none outside of it", () => {
    expect(place({ from: -20, to: -10 }, span)).toBeNull();
    expect(place({ from: 2000, to: 3000 }, span)).toBeNull();
  });
  it("is there for what took no time", () => expect(place({ from: 500, to: 500 }, span)).toEqual({ left: 0.5, width: 0 }));
});

describe("the axis", () => {
  it("has round marks, never more than asked for", () => {
    expect(marksOf({ from: 0, to: 58_000 }, 6).map((mark) => mark.since)).toEqual([0, 10_000, 20_000, 30_000, 40_000, 50_000]);
    expect(marksOf({ from: 0, to: 40 * 86_400_000 }, 6).length).toBeLessThanOrEqual(7);
    expect(marksOf({ from: 0, to: 1 }, 6)).toHaveLength(2);
  });
});

it("lays out 2,000 tasks in a few milliseconds", () => {
  const many = Array.from({ length: 2000 }, (_, i) =>
    task(`t${i}`, { state: "succeeded", attempt: 1, queuedAt: after(0), startedAt: after(i), finishedAt: after(i + 5) }),
  );
  const began = performance.now();
  const span = spanOf(many, new Map(), now, false);
  const drawn = many.flatMap((one) => stretchesOf(one, undefined, now).map((stretch) => place(stretch, span)));
  expect(drawn.length).toBeGreaterThanOrEqual(3999);
  expect(performance.now() - began).toBeLessThan(200);
});
