import type { TaskItem } from "../../../api/executions";

/** Groups of states that the list can show alone, in the order that matters to a person. */
export const taskGroups = [
  { id: "failed", word: "Failed", states: ["failed", "timed_out"] },
  { id: "running", word: "Running", states: ["running"] },
  { id: "retrying", word: "Retrying", states: ["waiting_retry"] },
  { id: "waiting", word: "Waiting", states: ["queued", "blocked"] },
  { id: "succeeded", word: "Succeeded", states: ["succeeded"] },
  { id: "ended", word: "Cancelled or skipped", states: ["cancelled", "skipped"] },
] as const;

/** How many tasks are in each group; groups without any are left out. */
export function countGroups(tasks: readonly TaskItem[]): { id: string; word: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const task of tasks) counts.set(task.state, (counts.get(task.state) ?? 0) + 1);
  return taskGroups
    .map(({ id, word, states }) => ({ id, word, count: states.reduce((sum, state) => sum + (counts.get(state) ?? 0), 0) }))
    .filter((group) => group.count > 0);
}

/** The tasks whose name has a text in it and whose state is of a group. */
export function filterTasks(tasks: readonly TaskItem[], find: string | undefined, only: string | undefined): readonly TaskItem[] {
  const group = taskGroups.find((one) => one.id === only);
  const text = find?.toLowerCase();
  if (!group && !text) return tasks;
  const states = group ? new Set<string>(group.states) : undefined;
  return tasks.filter((task) => (!states || states.has(task.state)) && (!text || task.name.toLowerCase().includes(text)));
}
