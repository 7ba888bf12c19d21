import { count } from "../../../base/format";
import { lookOf } from "../../../ui/states";
import type { Box } from "./collapse";

const order = ["failed", "timed_out", "waiting_retry", "running", "queued", "blocked", "cancelled", "skipped", "succeeded"];

/** The state that speaks for a box, and its words: of several tasks how many are in each state, the worst first. */
export function stateOf(box: Box): { state: string; words: string } {
  const counts = new Map<string, number>();
  for (const task of box.tasks) counts.set(task.state, (counts.get(task.state) ?? 0) + 1);
  const states = [...counts.keys()].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const state = states[0] ?? "queued";
  if (box.tasks.length === 1) return { state, words: lookOf(state).word };
  return { state, words: states.map((one) => `${count(counts.get(one) ?? 0)} ${lookOf(one).word.toLowerCase()}`).join(", ") };
}
