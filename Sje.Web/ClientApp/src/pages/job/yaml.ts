import type { Document, Node } from "yaml";

/** The order in which people write a job: what it is, what it is given, what it does, how, when. The database keeps none. */
const JOB = ["name", "jobId", "description", "queue", "priority", "parameters", "type"];
const AFTER = ["retry", "timeouts", "resources", "concurrency", "permitPartialFailures", "tasks", "schedule", "notify", "tags"];
const TASK = ["name", "description", "dependsOn", "queue", "type"];
const NODE = ["id", "type", "params", "inputs"];

/** Fields whose value reads best on one line, where it fits. */
const ON_ONE_LINE = new Set(["retry", "timeouts", "resources", "concurrency", "schedule", "params", "inputs"]);
const LONGEST_LINE = 72;

/** Writes a job as YAML, as a person would; the library is loaded when it is first needed. */
export async function toYaml(job: Record<string, unknown>): Promise<string> {
  const { Document: YamlDocument, isMap, isScalar, isSeq, visit } = await import("yaml");
  // Long commands and conditions stay on their line.
  const options = { lineWidth: 0, flowCollectionPadding: false };
  const document: Document = new YamlDocument(inOrder(job), { version: "1.2", aliasDuplicateObjects: false });
  const isShort = (node: Node) => JSON.stringify(node.toJSON()).length <= LONGEST_LINE;
  visit(document, {
    Seq(_, seq) {
      seq.flow = seq.items.every(isScalar) && isShort(seq);
    },
    Pair(_, pair, path) {
      const { key, value } = pair;
      const name = isScalar(key) ? String(key.value) : "";
      const inside = path.at(-2);
      const parent = inside && "key" in inside && isScalar(inside.key) ? String(inside.key.value) : "";
      const declared = parent === "parameters" && path.length === 4;
      if (isMap(value) && (ON_ONE_LINE.has(name) || declared)) {
        value.flow = value.items.every((item) => isScalar(item.value) || (isSeq(item.value) && item.value.items.every(isScalar))) && isShort(value);
      }
    },
  });
  return document.toString(options);
}

/** A job with its fields in the order of people. */
export function inOrder(job: Record<string, unknown>): Record<string, unknown> {
  const ordered = sorted(job, JOB, AFTER);
  if (Array.isArray(ordered["tasks"])) ordered["tasks"] = ordered["tasks"].map((task) => (isObject(task) ? work(sorted(task, TASK, AFTER)) : task));
  return work(ordered);
}

function work(of: Record<string, unknown>): Record<string, unknown> {
  const pipeline = of["pipeline"];
  if (isObject(pipeline) && Array.isArray(pipeline["nodes"])) {
    const nodes = pipeline["nodes"].map((node: unknown) => (isObject(node) ? sorted(node, NODE, []) : node));
    of["pipeline"] = { ...pipeline, nodes };
  }
  return of;
}

/** Fields of `first`, then all others as they come, then those of `last`. */
function sorted(of: Record<string, unknown>, first: readonly string[], last: readonly string[]): Record<string, unknown> {
  const place = (name: string) => {
    const early = first.indexOf(name);
    return early >= 0 ? early : last.includes(name) ? first.length + 1 + last.indexOf(name) : first.length;
  };
  return Object.fromEntries(Object.entries(of).sort(([a], [b]) => place(a) - place(b)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
