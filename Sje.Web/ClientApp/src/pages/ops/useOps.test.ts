import { expect, it } from "vitest";
import { nextOf } from "./useOps";

it("lists the schedules that fire next, without those that are paused", () => {
  const at = (name: string, nextAt: string | null, pausedAt: string | null = null) => ({
    name,
    job: name,
    cron: "* * * * *",
    timeZone: "UTC",
    nextAt,
    pausedAt,
  });
  const found = nextOf(
    [
      at("late", "2026-11-26T14:00:00Z"),
      at("paused", "2026-11-26T12:00:00Z", "2026-11-26T11:00:00Z"),
      at("never", null),
      at("soon", "2026-11-26T13:00:00Z"),
    ],
    5,
  );
  expect(found.map((one) => one.name)).toEqual(["soon", "late"]);
});
