const NAMES: Record<string, [string, string]> = {
  executions: ["execution", "executions"],
  workers: ["worker", "workers"],
  checkpoints: ["checkpoint", "checkpoints"],
  idempotencyKeys: ["idempotency key", "idempotency keys"],
  rangesDropped: ["stretch of history", "stretches of history"],
  logRangesDropped: ["stretch of logs", "stretches of logs"],
  defaultRows: ["stray row", "stray rows"],
};

/** What a round of retention removed. */
export function reportInWords(report: unknown): string {
  if (!report || typeof report !== "object") return "nothing is known";
  const values = report as Record<string, unknown>;
  const parts = Object.entries(NAMES).flatMap(([key, [one, many]]) => {
    const value = values[key];
    return typeof value === "number" && value > 0 ? [`${value.toLocaleString("en-US")} ${value === 1 ? one : many}`] : [];
  });
  const held = Array.isArray(values.held) && values.held.length > 0 ? `; held back by what still runs: ${values.held.map(String).join(", ")}` : "";
  return (parts.length > 0 ? parts.join(", ") : "nothing was old enough") + held;
}
