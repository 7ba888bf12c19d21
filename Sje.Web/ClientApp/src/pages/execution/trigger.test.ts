import { expect, it } from "vitest";
import { priorityWord, triggerOf } from "./trigger";

it("says what started an execution", () => {
  expect(triggerOf({ trigger: "api", acceptedBy: "ci" })).toEqual({ words: "Submitted by ci" });
  expect(triggerOf({ trigger: "schedule", schedule: "a b" })).toEqual({ words: "Schedule", to: "/schedules/a%20b" });
  expect(triggerOf({ trigger: "manual", schedule: "s", acceptedBy: "eve" }).words).toBe("Schedule, triggered by eve");
  expect(triggerOf({ trigger: "api", rerunOf: "x" })).toEqual({ words: "Rerun", to: "/executions/x" });
  expect(triggerOf({ trigger: "webhook" })).toEqual({ words: "Webhook" });
});

it("writes priorities by their words", () => expect([0, 10, 7].map(priorityWord)).toEqual(["normal", "high", "7"]));
