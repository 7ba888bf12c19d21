/** Rows of one node of a pipeline. Null where a later limit ended the reading early. */
export interface NodeRows {
  node: string;
  type: string;
  rowsIn: number | null;
  rowsOut: number | null;
}

/** Reads what a pipeline's task says of its nodes; undefined for a task that says nothing of the kind. */
export function nodeRowsOf(parts: unknown): NodeRows[] | undefined {
  if (!Array.isArray(parts)) return undefined;
  const rows = parts.flatMap((part: unknown): NodeRows[] => {
    if (typeof part !== "object" || part === null) return [];
    const { node, type, rowsIn, rowsOut } = part as Record<string, unknown>;
    if (typeof node !== "string") return [];
    return [{ node, type: typeof type === "string" ? type : "", rowsIn: number(rowsIn), rowsOut: number(rowsOut) }];
  });
  return rows.length > 0 ? rows : undefined;
}

/** How a metric is to be written, by what its name says it is. */
export function unitOf(name: string): "bytes" | "seconds" | "milliseconds" | "count" {
  if (/(^|_)bytes$/.test(name)) return "bytes";
  if (name.endsWith("_seconds")) return "seconds";
  if (name.endsWith("_ms")) return "milliseconds";
  return "count";
}

/** Names that say little without their unit. */
const spelled: Record<string, string> = { core_seconds: "core time", gc_seconds: "time in garbage collection" };

/** `memory_peak_bytes` as `memory peak`: the unit stands at the value. */
export function metricWords(name: string): string {
  return spelled[name] ?? name.replace(/_(bytes|seconds|ms)$/, "").replaceAll("_", " ");
}

const number = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : null);
