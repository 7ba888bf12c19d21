import { describe, expect, it } from "vitest";
import { describeCron, partsOf } from "./cron";
import { cronOf, DEFAULT_CALENDAR, planOf, type Plan, STEPS } from "./presets";

describe("a cron line", () => {
  it("splits into named fields with their places", () => {
    expect(partsOf(" 30  2 * * MON")).toEqual([
      { index: 0, name: "minute", text: "30", from: 1, to: 3 },
      { index: 1, name: "hour", text: "2", from: 5, to: 6 },
      { index: 2, name: "day of month", text: "*", from: 7, to: 8 },
      { index: 3, name: "month", text: "*", from: 9, to: 10 },
      { index: 4, name: "day of week", text: "MON", from: 11, to: 14 },
    ]);
    expect(partsOf("0 30 2 * * *").map((part) => part.name)[0]).toBe("second");
    expect(partsOf("@daily").map((part) => part.name)).toEqual(["macro"]);
    expect(partsOf("")).toEqual([]);
  });

  it.each([
    ["30 2 * * *", "At 02:30"],
    ["*/5 * * * *", "Every 5 minutes"],
    ["@daily", "At 00:00"],
    ["@every_second", "Every second"],
    // Both days must fit.
    ["0 0 13 * FRI", "At 00:00, on day 13 of the month, only on Friday"],
    ["0 12 L * *", "At 12:00, on the last day of the month"],
    ["0 0 * * FRI-MON", "At 00:00, Friday through Monday"],
  ])('%s is told as "%s"', (cron, words) => expect(describeCron(cron)).toBe(words));

  it.each(["", "1 2 3", "61 * * * *", "0 0 * FOO *", "@never"])("%j has no words", (cron) => expect(describeCron(cron)).toBeNull());
});

describe("a plan", () => {
  const plans: Plan[] = [
    ...Object.entries(STEPS).flatMap(([unit, steps]) =>
      steps.map((every): Plan => ({ kind: "interval", every, unit: unit as keyof typeof STEPS, minute: 0 })),
    ),
    { kind: "interval", every: 2, unit: "hours", minute: 15 },
    { ...DEFAULT_CALENDAR, time: "23:05" },
    { ...DEFAULT_CALENDAR, repeat: "week", weekdays: [0, 2, 3, 4, 6] },
    { ...DEFAULT_CALENDAR, repeat: "week", weekdays: [1] },
    { ...DEFAULT_CALENDAR, repeat: "month", monthDay: 31 },
    { ...DEFAULT_CALENDAR, repeat: "month", monthDay: "last" },
  ];

  it.each(plans)("comes back from its cron line: %o", (plan) => expect(planOf(cronOf(plan))).toEqual(plan));

  it.each(["7 */5 * * *", "*/7 * * * *", "0 0 1 * 1", "0 0 * * FRI-MON", "5,35 8 * * *", "0 9-17 * * *", "99 1 * * *"])(
    "%s stays a cron line",
    (cron) => expect(planOf(cron)).toEqual({ kind: "cron", cron }),
  );

  it("writes runs of days as ranges", () => expect(cronOf({ ...DEFAULT_CALENDAR, repeat: "week", weekdays: [5, 1, 2, 3] })).toBe("0 6 * * 1-3,5"));
});
