/** How long executions of a job usually take, and how this one compares. */
export interface Usual {
  medianMs: number;
  /** How many it is the median of. */
  of: number;
}

/** The middle of some numbers; of an even count the mean of the two in the middle. */
export function medianOf(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

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
