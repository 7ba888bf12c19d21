import { send } from "./client";
import type { Operation } from "./operations";

/** What can be done to many executions at once. */
export type BulkVerb = "cancel" | "retry" | "prioritize" | "move";

/** Which executions are meant: some by name, or all that a filter finds. */
export interface BulkSelection {
  ids?: string[];
  all?: boolean;
  state?: string[];
  job?: string;
  queue?: string;
  schedule?: string;
  tag?: string;
  q?: string;
  since?: string;
  until?: string;
}

/** What a change needs beside its selection. */
export interface BulkChange {
  reason?: string;
  priority?: number | string;
  toQueue?: string;
}

/** Begins an operation of the server's that changes all that is meant. */
export function beginBulk(verb: BulkVerb, selection: BulkSelection, change: BulkChange): Promise<Operation> {
  return send("POST", `/executions:${verb}`, { ...selection, ...change });
}

/** How many an operation would change. */
export async function countBulk(verb: BulkVerb, selection: BulkSelection, change: BulkChange): Promise<number> {
  return (await send<{ matched: number }>("POST", `/executions:${verb}`, { ...selection, ...change, dryRun: true })).matched;
}
