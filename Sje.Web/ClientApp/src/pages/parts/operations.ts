import type { Operation } from "../../api/operations";

const VERBS: Record<string, { going: string; done: string }> = {
  requeue: { going: "Retrying", done: "retried" },
  purge: { going: "Purging", done: "purged" },
  cancel: { going: "Cancelling", done: "cancelled" },
  retry: { going: "Retrying", done: "retried" },
  prioritize: { going: "Changing the priority of", done: "reprioritized" },
  move: { going: "Moving", done: "moved" },
};

/** What an operation does, in words: `dead_letters.requeue` is “Retrying dead letters”. */
export function verbOf(kind: string): { going: string; done: string } {
  const [things = "", verb = ""] = kind.split(".");
  const words = VERBS[verb] ?? { going: verb.charAt(0).toUpperCase() + verb.slice(1), done: "changed" };
  return { going: `${words.going} ${things.replaceAll("_", " ")}`.trim(), done: words.done };
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
