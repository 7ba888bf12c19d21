import { duration } from "../../base/format";

/** A duration beside its median, for a bar whose tick stands at the median: both in shares of the bar's width. */
export interface DurationBar {
  /** How much of the bar is filled. */
  fill: number;
  /** Where the median's tick stands; undefined without one. */
  tick: number | undefined;
  /** How many times the median it took; undefined without one. */
  ratio: number | undefined;
  /** Whether it took so much longer than usual that a person should look. */
  slow: boolean;
}

/** A bar that shows up to twice the median, so that the usual duration ends in its middle; longer ones fill it. */
export function barOf(durationMs: number, medianMs: number | undefined): DurationBar {
  if (medianMs === undefined || medianMs <= 0) return { fill: 0, tick: undefined, ratio: undefined, slow: false };
  const ratio = durationMs / medianMs;
  // Below a second twice as long means nothing.
  return { fill: Math.min(1, ratio / 2), tick: 0.5, ratio, slow: ratio >= 2 && durationMs - medianMs >= 1_000 };
}

/** How a duration compares with what its job usually takes, in words. */
export function comparedTo(durationMs: number, typicalMs: number | undefined): string {
  const { ratio } = barOf(durationMs, typicalMs);
  if (typicalMs === undefined) return "too few runs of this job have succeeded to compare with";
  if (ratio === undefined) return `usually ${duration(typicalMs)}`;
  return `${Math.round(ratio * 100) / 100} × the usual ${duration(typicalMs)}`;
}
