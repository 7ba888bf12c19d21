/** A due time as its own zone's clock shows it: `Sun 28 Mar 2027 03:00:00`, and how far from UTC that is. */
export interface LocalTime {
  day: string;
  time: string;
  offset: string;
}

const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "2-digit", month: "short", year: "numeric", timeZone: "UTC" });

/** Reads what the server wrote, such as `2027-03-28T03:00:00+02:00`: no clock of this browser has a say in it. */
export function localTimeOf(local: string): LocalTime {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)([+-]\d\d:\d\d)$/.exec(local);
  if (!match) return { day: local, time: "", offset: "" };
  const [, date = "", time = "", offset = ""] = match;
  return { day: day.format(new Date(`${date}T00:00:00Z`)).replace(",", ""), time, offset: `UTC${offset.replace("-", "−")}` };
}

/** The same instant on the viewer's clock. */
export function viewerTimeOf(at: string, timeZone: string): LocalTime {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    day: "2-digit",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "longOffset",
  }).formatToParts(new Date(at));
  const get = (type: Intl.DateTimeFormatPartTypes) => parts.find((part) => part.type === type)?.value ?? "";
  const offset = get("timeZoneName").replace("GMT", "");
  return {
    day: `${get("weekday")} ${get("day")} ${get("month")} ${get("year")}`,
    time: `${get("hour")}:${get("minute")}:${get("second")}`,
    offset: `UTC${(offset === "" ? "+00:00" : offset).replace("-", "−")}`,
  };
}
