import type { TaskItem } from "../../api/executions";

const failedStates = new Set(["failed", "timed_out"]);

/** Whether a task ended badly: what a person who opens a failed execution wants to see. */
export const hasFailed = (task: Pick<TaskItem, "state">) => failedStates.has(task.state);

/** The failed tasks, the first to fail first: later ones are often only consequences. */
export function failuresOf(tasks: readonly TaskItem[]): TaskItem[] {
  return tasks.filter(hasFailed).sort((a, b) => at(a.finishedAt) - at(b.finishedAt) || a.ordinal - b.ordinal);
}

/**
 * The task that list, graph, Gantt and log show together. The address wins; without one the earliest failure, then what runs, then what
 * will run next, then what ran last.
 */
export function chooseTask(tasks: readonly TaskItem[], asked: string | undefined): TaskItem | undefined {
  if (asked !== undefined) {
    const named = tasks.find((task) => task.name === asked) ?? tasks.find((task) => task.id === asked);
    if (named) return named;
  }
  return (
    failuresOf(tasks)[0] ??
    earliest(tasks, "running", (task) => task.attemptStartedAt ?? task.startedAt) ??
    earliest(tasks, "waiting_retry", (task) => task.nextAttemptAt) ??
    earliest(tasks, "queued", (task) => task.queuedAt ?? task.acceptedAt) ??
    lastEnded(tasks) ??
    tasks[0]
  );
}

/** The task before or after another in the order of a list; undefined at its ends. */
export function neighbour(tasks: readonly TaskItem[], name: string | undefined, step: 1 | -1): TaskItem | undefined {
  const here = tasks.findIndex((task) => task.name === name);
  if (here < 0) return step > 0 ? tasks[0] : tasks[tasks.length - 1];
  return tasks[here + step];
}

function earliest(
  tasks: readonly TaskItem[],
  state: TaskItem["state"],
  when: (task: TaskItem) => string | null | undefined,
): TaskItem | undefined {
  let first: TaskItem | undefined;
  for (const task of tasks) {
    if (task.state === state && (!first || at(when(task)) < at(when(first)))) first = task;
  }
  return first;
}

function lastEnded(tasks: readonly TaskItem[]): TaskItem | undefined {
  let last: TaskItem | undefined;
  for (const task of tasks) {
    if (task.finishedAt && task.startedAt && (!last || at(task.finishedAt) >= at(last.finishedAt))) last = task;
  }
  return last;
}

const at = (instant: string | null | undefined) => (instant ? Date.parse(instant) : Number.POSITIVE_INFINITY);
