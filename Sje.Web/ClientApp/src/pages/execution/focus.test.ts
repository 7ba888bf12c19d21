import { describe, expect, it } from "vitest";
import { chooseTask, failuresOf, neighbour } from "./focus";
import { after, task } from "./testing";

describe("the focused task", () => {
  const late = task("late", { ordinal: 0, state: "failed", finishedAt: after(20) });
  const early = task("early", { ordinal: 1, state: "timed_out", finishedAt: after(10) });
  const good = task("good", { ordinal: 2, state: "succeeded", startedAt: after(1), finishedAt: after(30) });

  it("is the one of the address", () => expect(chooseTask([late, early, good], "good")).toBe(good));
  it("may be named by its id", () => expect(chooseTask([late, early, good], "id-good")).toBe(good));
  it("is the failure that came first, not the one that stands first", () =>
    expect(chooseTask([late, early, good], undefined)).toBe(early));
  it("is the failure where the address names a task that is not there", () =>
    expect(chooseTask([late, early, good], "gone")).toBe(early));
  it("is what runs while nothing has failed", () => {
    const running = task("running", { state: "running", startedAt: after(3) });
    expect(chooseTask([task("waits"), good, running], undefined)).toBe(running);
  });
  it("is what will be tried again before what only waits", () => {
    const again = task("again", { state: "waiting_retry", nextAttemptAt: after(40) });
    expect(chooseTask([task("waits"), again], undefined)).toBe(again);
  });
  it("is what ended last when all is well", () =>
    expect(chooseTask([task("first", { state: "succeeded", startedAt: after(1), finishedAt: after(2) }), good], undefined)).toBe(
      good,
    ));
  it("is there also when nothing ever ran", () =>
    expect(chooseTask([task("a", { state: "cancelled" })], undefined)?.name).toBe("a"));
  it("is none without tasks", () => expect(chooseTask([], undefined)).toBeUndefined());
});

it("lists failures by when they happened", () => {
  const failures = failuresOf([
    task("b", { ordinal: 1, state: "failed", finishedAt: after(5) }),
    task("a", { ordinal: 0, state: "failed", finishedAt: after(5) }),
    task("c", { ordinal: 2, state: "failed", finishedAt: after(1) }),
    task("d", { ordinal: 3, state: "cancelled", finishedAt: after(0) }),
  ]);
  expect(failures.map((one) => one.name)).toEqual(["c", "a", "b"]);
});

it("steps to the next and the previous task and stops at the ends", () => {
  const tasks = [task("a"), task("b")];
  expect(neighbour(tasks, "a", 1)?.name).toBe("b");
  expect(neighbour(tasks, "b", 1)).toBeUndefined();
  expect(neighbour(tasks, "b", -1)?.name).toBe("a");
  expect(neighbour(tasks, undefined, -1)?.name).toBe("b");
});
