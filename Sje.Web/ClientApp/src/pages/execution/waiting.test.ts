import { expect, it } from "vitest";
import { task } from "./testing";
import { waitingOf } from "./waiting";

const execution = { queue: "etl", waitReason: null };

it.each([
  ["behind 13 others in queue 'etl'", "Waiting for worker, position 14 in etl"],
  ["behind 1 other in queue 'etl'", "Waiting for worker, position 2 in etl"],
  ["behind 1000 or more others in queue 'etl'", "Waiting for worker, position 1001 or later in etl"],
  ["waits for a free slot", "Waiting for worker, position 1 in etl"],
  ["no worker is alive", "Waiting for worker in etl"],
])("says of one that is %s where it stands", (waitReason, title) =>
  expect(waitingOf(execution, task("a", { queue: "etl", waitReason }))).toEqual({ title, reason: waitReason }),
);

it("names the attempt that will be made again", () =>
  expect(
    waitingOf(execution, task("a", { state: "waiting_retry", attempt: 1, maxAttempts: 3, reason: "exit 3; next in 40 s" })),
  ).toEqual({ title: "Attempt 1 of 3 failed; it will be tried again", reason: "exit 3; next in 40 s" }));

it("says nothing of what runs", () => expect(waitingOf(execution, task("a", { state: "running" }))).toBeUndefined());
