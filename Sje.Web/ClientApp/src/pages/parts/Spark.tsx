export interface SparkLine {
  values: readonly number[];
  /** A CSS variable of tokens.css. */
  colour: string;
  dashed?: boolean;
}

/** Small lines over time, all to one scale; `label` says them in words. */
export function Spark({ lines, label, width = 72, height = 20 }: { lines: readonly SparkLine[]; label: string; width?: number; height?: number }) {
  const longest = Math.max(0, ...lines.map((line) => line.values.length));
  const top = Math.max(0, ...lines.flatMap((line) => line.values));
  return (
    <svg className="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      <line x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} stroke="var(--line)" />
      {longest > 1 &&
        lines.map((line) => (
          <polyline
            key={line.colour}
            points={pointsOf(line.values, longest, top, width, height)}
            fill="none"
            stroke={`var(${line.colour})`}
            strokeWidth={1.5}
            strokeDasharray={line.dashed ? "3 2" : undefined}
            vectorEffect="non-scaling-stroke"
          />
        ))}
    </svg>
  );
}

/** Where the points of a line are; the newest is at the right edge. */
export function pointsOf(values: readonly number[], slots: number, top: number, width: number, height: number): string {
  const step = slots > 1 ? width / (slots - 1) : 0;
  const first = slots - values.length;
  return values.map((value, index) => `${round((first + index) * step)},${round(height - 1 - (top > 0 ? (value / top) * (height - 2) : 0))}`).join(" ");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
