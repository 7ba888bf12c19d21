import type { MouseEvent } from "react";
import type { LogHitBucket } from "../api/log";

const HEIGHT = 1_000;

/** Beside the scroll bar: where in the log a search has found something, and where one is. A click goes there. */
export function HitMap({
  buckets,
  bucketLines,
  lines,
  current,
  onGo,
}: {
  buckets: readonly LogHitBucket[];
  bucketLines: number;
  lines: number;
  current: number | undefined;
  onGo(line: number): void;
}) {
  const most = Math.max(1, ...buckets.map((bucket) => bucket.count));
  const scale = HEIGHT / Math.max(1, lines);
  const go = (event: MouseEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const line = Math.floor(((event.clientY - box.top) / box.height) * lines) + 1;
    // The hit nearest to where one has clicked.
    const near = buckets.reduce<LogHitBucket | undefined>(
      (best, bucket) => (!best || Math.abs(bucket.line - line) < Math.abs(best.line - line) ? bucket : best),
      undefined,
    );
    onGo(near && Math.abs(near.line - line) * scale < 20 ? near.line : line);
  };
  return (
    <svg className="log-map" viewBox={`0 0 10 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" onClick={go}>
      {buckets.map((bucket) => (
        <rect
          key={bucket.line}
          x={0}
          y={(bucket.line - 1) * scale}
          width={4 + 6 * Math.sqrt(bucket.count / most)}
          height={Math.max(3, Math.min(bucketLines, 1) * scale)}
        />
      ))}
      {current !== undefined && <rect className="log-map-current" x={0} y={(current - 1) * scale} width={10} height={3} />}
    </svg>
  );
}
