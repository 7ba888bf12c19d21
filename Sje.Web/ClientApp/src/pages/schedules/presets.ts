import { fieldsOf } from "./cron";

/** A schedule as a person thinks of it; every one of them is a cron line. */
export type Plan = IntervalPlan | CalendarPlan | CronPlan;

export interface IntervalPlan {
  kind: "interval";
  every: number;
  unit: "seconds" | "minutes" | "hours";
  /** At which minute of the hour, where the unit is hours. */
  minute: number;
}

export interface CalendarPlan {
  kind: "calendar";
  repeat: "day" | "week" | "month";
  /** HH:mm on a clock in the schedule's zone. */
  time: string;
  /** Days of the week, 0 is Sunday. */
  weekdays: number[];
  /** The day of the month, or its last. */
  monthDay: number | "last";
}

export interface CronPlan {
  kind: "cron";
  cron: string;
}

/** Steps that divide their unit: others would make the last step of each hour or day a shorter one. */
export const STEPS: Record<IntervalPlan["unit"], number[]> = {
  seconds: [5, 10, 15, 20, 30],
  minutes: [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30],
  hours: [1, 2, 3, 4, 6, 8, 12],
};

export const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

export const DEFAULT_INTERVAL: IntervalPlan = { kind: "interval", every: 15, unit: "minutes", minute: 0 };
export const DEFAULT_CALENDAR: CalendarPlan = {
  kind: "calendar",
  repeat: "day",
  time: "06:00",
  weekdays: [1, 2, 3, 4, 5],
  monthDay: 1,
};

/** The cron line of a plan. */
export function cronOf(plan: Plan): string {
  switch (plan.kind) {
    case "cron":
      return plan.cron;
    case "interval":
      return intervalCron(plan);
    case "calendar":
      return calendarCron(plan);
  }
}

/** The plan that a cron line came from, or could have come from. */
export function planOf(cron: string): Plan {
  return readInterval(fieldsOf(cron)) ?? readCalendar(fieldsOf(cron)) ?? { kind: "cron", cron };
}

function intervalCron({ every, unit, minute }: IntervalPlan): string {
  const step = every === 1 ? "*" : `*/${every}`;
  switch (unit) {
    case "seconds":
      return `${step} * * * * *`;
    case "minutes":
      return `${step} * * * *`;
    case "hours":
      return `${minute} ${step} * * *`;
  }
}

function calendarCron({ repeat, time, weekdays, monthDay }: CalendarPlan): string {
  const [hour = "0", minute = "0"] = time.split(":");
  const clock = `${Number(minute)} ${Number(hour)}`;
  switch (repeat) {
    case "day":
      return `${clock} * * *`;
    case "week":
      return `${clock} * * ${ranges([...weekdays].sort((a, b) => a - b))}`;
    case "month":
      return `${clock} ${monthDay === "last" ? "L" : monthDay} * *`;
  }
}

function readInterval(fields: string): IntervalPlan | null {
  const seconds = /^\*\/(\d+) \* \* \* \* \*$/.exec(fields);
  if (seconds) {
    return interval(Number(seconds[1]), "seconds", 0);
  }
  const minutes = /^\*(?:\/(\d+))? \* \* \* \*$/.exec(fields);
  if (minutes) {
    return interval(Number(minutes[1] ?? 1), "minutes", 0);
  }
  const hours = /^(\d{1,2}) \*(?:\/(\d+))? \* \* \*$/.exec(fields);
  return hours && Number(hours[1]) < 60 ? interval(Number(hours[2] ?? 1), "hours", Number(hours[1])) : null;
}

function interval(every: number, unit: IntervalPlan["unit"], minute: number): IntervalPlan | null {
  return STEPS[unit].includes(every) ? { kind: "interval", every, unit, minute } : null;
}

function readCalendar(fields: string): CalendarPlan | null {
  const match = /^(\d{1,2}) (\d{1,2}) (\*|L|\d{1,2}) \* (\*|[0-7](?:[-,][0-7])*)$/.exec(fields);
  if (!match) {
    return null;
  }
  const [, minute = "", hour = "", day = "", week = ""] = match;
  if (Number(minute) > 59 || Number(hour) > 23 || (day !== "*" && week !== "*")) {
    return null;
  }
  const time = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
  if (week !== "*") {
    const weekdays = readWeekdays(week);
    return weekdays && { ...DEFAULT_CALENDAR, repeat: "week", time, weekdays };
  }
  if (day === "*") {
    return { ...DEFAULT_CALENDAR, repeat: "day", time };
  }
  const monthDay = day === "L" ? "last" : Number(day);
  return monthDay === "last" || (monthDay >= 1 && monthDay <= 31) ? { ...DEFAULT_CALENDAR, repeat: "month", time, monthDay } : null;
}

function readWeekdays(text: string): number[] | null {
  const days = new Set<number>();
  for (const part of text.split(",")) {
    const [from = NaN, to = from, ...more] = part.split("-").map(Number);
    if (more.length > 0 || Number.isNaN(from) || to < from) {
      return null;
    }
    for (let day = from; day <= to; day++) {
      days.add(day % 7);
    }
  }
  return [...days].sort((a, b) => a - b);
}

/** `[1,2,3,5]` is `1-3,5`. */
function ranges(days: number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < days.length;) {
    let end = at;
    while (days[end + 1] === (days[end] ?? 0) + 1) {
      end++;
    }
    parts.push(end - at >= 2 ? `${days[at]}-${days[end]}` : days.slice(at, end + 1).join(","));
    at = end + 1;
  }
  return parts.join(",");
}
