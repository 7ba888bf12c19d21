import { describe, expect, it } from "vitest";
import { declarationsOf } from "../job/parameters";
import { overlapOf } from "./overlap";
import { readParameters, shownTexts, undeclaredIn, withParameter, type ScheduleDraft } from "./scheduleDraft";

const declared = declarationsOf({
  parameters: { rows: { type: "int", default: 10 }, more: { type: "json" }, day: { type: "date", required: true } },
});
const draft: ScheduleDraft = {
  name: "s",
  job: "j",
  cron: "@daily",
  timeZone: "UTC",
  values: { rows: 5, more: "a text", day: "2027-01-01", gone: 1 },
  texts: {},
  paused: false,
};

describe("the parameters of a schedule", () => {
  it("stay as they are saved until somebody types", () => {
    expect(readParameters(draft, declared)).toEqual({ values: draft.values, errors: {} });
    expect(shownTexts(draft, declared)).toEqual({ rows: "5", more: '"a text"', day: "2027-01-01" });
    expect(undeclaredIn(draft, declared)).toEqual(["gone"]);
  });

  it("are typed, left to their default, and dropped", () => {
    const typed = { ...draft, ...withParameter(draft, "rows", "7") };
    expect(readParameters(typed, declared).values).toEqual({ ...draft.values, rows: 7 });
    const left = { ...typed, ...withParameter(typed, "rows", undefined) };
    expect(readParameters(left, declared).values).toEqual({ more: "a text", day: "2027-01-01", gone: 1 });
    const dropped = { ...draft, ...withParameter(draft, "gone", undefined) };
    expect(undeclaredIn(dropped, declared)).toEqual([]);
  });

  it("are wrong where what was typed is, or what must be there is not", () => {
    const wrong = { ...draft, ...withParameter(draft, "rows", "many") };
    expect(readParameters(wrong, declared).errors).toEqual({ rows: "Must be a whole number." });
    const missing = { ...draft, ...withParameter(draft, "day", undefined) };
    expect(readParameters(missing, declared).errors).toEqual({ day: "A value must be given." });
  });
});

describe("the overlap of runs", () => {
  it.each([
    [undefined, "Runs may overlap: the job sets no limit."],
    [{ key: "spark", limit: 5 }, "Runs may overlap: the job sets no limit."],
    [{ max: 1 }, "At most 1 run at a time; one more waits until one has ended."],
    [{ max: 3, policy: "replace" }, "At most 3 runs at a time; one more cancels the oldest and takes its place."],
  ])("%j is told", (concurrency, words) => expect(overlapOf(concurrency)).toBe(words));
});
