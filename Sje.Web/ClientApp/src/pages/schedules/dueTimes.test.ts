import { describe, expect, it } from "vitest";
import { localTimeOf, viewerTimeOf } from "./dueTimes";

describe("a due time", () => {
  it("is shown as the server wrote it", () =>
    expect(localTimeOf("2027-03-28T03:00:00+02:00")).toEqual({ day: "Sun 28 Mar 2027", time: "03:00:00", offset: "UTC+02:00" }));

  it.each([
    ["2027-03-28T01:00:00Z", "Europe/Berlin", "Sun 28 Mar 2027", "03:00:00", "UTC+02:00"],
    ["2027-10-31T00:30:00Z", "Europe/Berlin", "Sun 31 Oct 2027", "02:30:00", "UTC+02:00"],
    ["2027-10-31T03:00:00Z", "America/St_Johns", "Sun 31 Oct 2027", "00:30:00", "UTC−02:30"],
    ["2027-01-01T00:00:00Z", "UTC", "Fri 01 Jan 2027", "00:00:00", "UTC+00:00"],
  ])("%s in %s is %s %s", (at, zone, day, time, offset) => expect(viewerTimeOf(at, zone)).toEqual({ day, time, offset }));
});
