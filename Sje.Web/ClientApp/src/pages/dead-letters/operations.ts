import type { Operation } from "../../api/operations";

/** What an operation does, in words. */
export function verbOf(kind: string): { going: string; done: string } {
  if (kind.endsWith(".requeue")) return { going: "Retrying dead letters", done: "retried" };
  if (kind.endsWith(".purge")) return { going: "Purging dead letters", done: "purged" };
  const word = kind.split(".").at(-1) ?? kind;
  return { going: `${word.charAt(0).toUpperCase()}${word.slice(1)}`, done: "changed" };
}

/** What is said of an operation that has ended. */
export function endOf(operation: Pick<Operation, "kind" | "state" | "done" | "failed" | "total" | "untouched" | "lastError">): { text: string; failed: boolean } {
  const number = (value: number) => value.toLocaleString("en-US");
  const { done } = verbOf(operation.kind);
  const parts = [`${number(operation.done)} of ${number(operation.total)} ${done}`];
  if (operation.failed > 0) parts.push(`${number(operation.failed)} failed${operation.lastError ? ` (${operation.lastError})` : ""}`);
  if (operation.untouched) parts.push(`${number(operation.untouched)} had been dealt with meanwhile`);
  if (operation.state === "cancelled") return { text: `Stopped: ${parts.join(", ")}. What was done stays done.`, failed: false };
  return { text: `${parts.join(", ")}.`, failed: operation.state === "failed" || operation.state === "partially_succeeded" };
}
