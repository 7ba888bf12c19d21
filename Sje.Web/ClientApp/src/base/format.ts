/** How numbers, lengths of time, sizes and instants are written everywhere. */

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });

/** `1,204,332`: for tables. */
export function count(value: number): string {
  return grouped.format(value);
}

/** `1.2 M`: for cards, where the exact value is on hover and focus. */
export function shortCount(value: number): string {
  const size = Math.abs(value);
  for (const [limit, unit] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e4, "k"],
  ] as const) {
    if (size >= limit) return `${trim(value / (unit === "k" ? 1e3 : limit))} ${unit}`;
  }
  return count(value);
}

function trim(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}

/** `340 ms`, `4.2 s`, `1m 04s`, `2h 05m`, `3d 04h`. */
export function duration(ms: number): string {
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const two = (n: number) => String(n).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}

/** `12 B`, `4.2 KiB`, `1.2 GiB`. */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let size = value;
  let unit = 0;
  while (Math.abs(size) >= 1023.95 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return unit === 0 ? `${Math.round(size)} B` : `${trim(size)} ${units[unit]}`;
}

export type Zone = "local" | "utc";

const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", {
      ...options,
      hourCycle: "h23",
      ...(zone === "utc" ? { timeZone: "UTC" } : {}),
    });
    formats.set(key, format);
  }
  return format;
}

/** The name of the zone that `zone` means here: `UTC`, or the browser's, such as `Europe/Berlin`. */
export function zoneName(zone: Zone): string {
  return zone === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** `14:03:22` today, `25 Nov 14:03` in the same year, else `25 Nov 2025 14:03`. `full` is always date, time and seconds. */
export function instant(at: Date, zone: Zone, style: "short" | "full" | "time" = "short", now = new Date()): string {
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
  const day = { day: "numeric", month: "short" } as const;
  if (style === "time") return formatFor(zone, time).format(at);
  if (style === "full") return formatFor(zone, { ...day, year: "numeric", ...time }).format(at).replace(",", "");
  const date = formatFor(zone, { ...day, year: "numeric" });
  if (date.format(at) === date.format(now)) return formatFor(zone, time).format(at);
  const year = formatFor(zone, { year: "numeric" });
  const sameYear = year.format(at) === year.format(now);
  return formatFor(zone, { ...day, ...(sameYear ? {} : { year: "numeric" as const }), hour: "2-digit", minute: "2-digit" })
    .format(at)
    .replace(",", "");
}

/** `3 s ago`, `in 5m 00s`, `now`. */
export function relative(at: Date, now: Date): string {
  const ms = at.getTime() - now.getTime();
  if (Math.abs(ms) < 1000) return "now";
  return ms < 0 ? `${duration(-ms)} ago` : `in ${duration(ms)}`;
}
