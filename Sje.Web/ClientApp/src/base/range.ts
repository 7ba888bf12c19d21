/** A window of time that an address names: one that ends now, or one between two instants. */
export interface TimeRange {
  /** As the address says it: `1h`, or two instants with `..` between. */
  text: string;
  from: Date;
  to: Date;
  /** Whether it moves on with time. */
  moves: boolean;
}

const units: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `15m`, `6h`, `7d` or `INSTANT..INSTANT`; undefined for anything else. */
export function parseRange(text: string | undefined, now: Date): TimeRange | undefined {
  const back = /^([1-9]\d{0,3})([mhd])$/.exec(text ?? "");
  if (back) {
    return { text: back[0], from: new Date(now.getTime() - Number(back[1]) * (units[back[2] ?? ""] ?? 0)), to: now, moves: true };
  }
  const [first, last, ...rest] = (text ?? "").split("..");
  const [from, to] = [Date.parse(first ?? ""), Date.parse(last ?? "")];
  if (rest.length > 0 || !Number.isFinite(from) || !Number.isFinite(to) || to - from < 1000) return undefined;
  return { text: text ?? "", from: new Date(from), to: new Date(to), moves: false };
}

/** A window between two instants as an address says it, in whole seconds and at least one long. */
export function writeRange(from: Date, to: Date): string {
  const first = Math.floor(from.getTime() / 1000);
  const last = Math.max(first + 1, Math.ceil(to.getTime() / 1000));
  const text = (seconds: number) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
  return `${text(first)}..${text(last)}`;
}
