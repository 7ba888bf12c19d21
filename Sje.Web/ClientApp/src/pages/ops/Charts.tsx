import { useMemo } from "react";
import type { ExecutionSeries } from "../../api/series";
import { count, duration, shortCount } from "../../base/format";
import { Chart, type Series } from "../../ui/Chart";
import { latencyOf, throughputOf } from "./chartData";

const height = 190;

/** How many executions ended, by what they came to. */
export function ThroughputChart({ series, onZoom }: { series: ExecutionSeries; onZoom(from: Date, to: Date): void }) {
  const data = useMemo(() => throughputOf(series), [series]);
  const lines = useMemo(
    (): Series[] => [
      { label: "Succeeded", values: data.succeeded, colour: "--state-success", fill: true, stepped: true },
      { label: "Failed", values: data.failed, colour: "--state-failed", dash: [6, 3], stepped: true },
      { label: "Cancelled", values: data.cancelled, colour: "--state-cancelled", dash: [2, 3], stepped: true },
    ],
    [data],
  );
  return (
    <Chart
      label={`Executions that ended, per ${duration(series.stepSeconds * 1000)}`}
      x={data.x}
      series={lines}
      height={height}
      format={(value) => (value >= 10_000 ? shortCount(value) : count(value))}
      sync="ops"
      onZoom={onZoom}
    />
  );
}

/** How long they ran, or how long they had waited before. */
export function LatencyChart({
  series,
  of,
  onZoom,
}: {
  series: ExecutionSeries;
  of: "run" | "wait";
  onZoom(from: Date, to: Date): void;
}) {
  const data = useMemo(() => latencyOf(series, of), [series, of]);
  const lines = useMemo(
    (): Series[] => [
      { label: "p50", values: data.p50, colour: "--accent" },
      { label: "p95", values: data.p95, colour: "--state-retrying", dash: [6, 3] },
      { label: "p99", values: data.p99, colour: "--state-cancelled", dash: [2, 3] },
    ],
    [data],
  );
  return (
    <Chart
      label={of === "run" ? "How long executions ran" : "How long executions waited"}
      x={data.x}
      series={lines}
      height={height}
      format={duration}
      sync="ops"
      onZoom={onZoom}
    />
  );
}
