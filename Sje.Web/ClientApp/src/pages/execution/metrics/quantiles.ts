import type { SparkQuantiles } from "../useSparkTasks";

/** Five numbers of how a stage's tasks are spread. Zero is left out of the facts, so a missing one is zero. */
export function spreadOf(quantiles: SparkQuantiles | null | undefined): [number, number, number, number, number] | undefined {
  if (!quantiles) return undefined;
  return [
    quantiles.min ?? 0,
    quantiles.lowerQuartile ?? 0,
    quantiles.median ?? 0,
    quantiles.upperQuartile ?? 0,
    quantiles.max ?? 0,
  ];
}

/** How many times the median the longest task took: what tells skew. Undefined where there is no median to speak of. */
export function skewOf(quantiles: SparkQuantiles | null | undefined): number | undefined {
  const median = quantiles?.median ?? 0;
  return median > 0 ? (quantiles?.max ?? 0) / median : undefined;
}
