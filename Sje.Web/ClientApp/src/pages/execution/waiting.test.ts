import { expect, it } from "vitest";
import { task } from "./testing";
import { waitingOf } from "./waiting";

const execution = { queue: "etl", waitReason: null };

it("says where it stands in line, and why", () =>
  expect(
    waitingOf(execution, task("a", { queue: "etl", queuePosition: 14, waitReason: "behind 13 others in queue 'etl'" })),
  ).toEqual({ title: "Waiting for worker, position 14 in etl", reason: "behind 13 others in queue 'etl'" }));

it("says what keeps it where no other does", () =>
  expect(waitingOf(execution, task("a", { queue: "etl", waitReason: "no worker is alive" }))).toEqual({
    title: "Waiting for worker in etl",
    reason: "no worker is alive",
  }));

it("names the attempt that will be made again", () =>
  expect(
    waitingOf(execution, task("a", { state: "waiting_retry", attempt: 1, maxAttempts: 3, reason: "exit 3; next in 40 s" })),
  ).toEqual({ title: "Attempt 1 of 3 failed; it will be tried again", reason: "exit 3; next in 40 s" }));

it("says nothing of what runs", () => expect(waitingOf(execution, task("a", { state: "running" }))).toBeUndefined());
