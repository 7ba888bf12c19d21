import type { TaskItem } from "../../../api/executions";

/** Beyond this many boxes tasks are put together. */
export const mostBoxes = 500;

/** A box of the graph: one task, or several that stand for each other. */
export interface Box {
  key: string;
  /** What is written on it. */
  label: string;
  tasks: TaskItem[];
  /** Keys of the boxes before it. */
  after: string[];
}

/** A graph to draw. */
export interface Graph {
  boxes: Box[];
  /** How many tasks are not in it, where it shows only what lies around one task. */
  left: number;
  /** What the boxes are: single tasks, groups of like ones, or the surroundings of one task. */
  kind: "tasks" | "groups" | "around";
}

/**
 * The graph of an execution's tasks, never of more boxes than can be drawn and read: like tasks of the same depth go together, and where
 * even that is too much only the surroundings of the focused task are shown.
 */
export function graphOf(
  tasks: readonly TaskItem[],
  focused: string | undefined,
  opened: ReadonlySet<string>,
  most = mostBoxes,
): Graph {
  if (tasks.length <= most) return { boxes: boxesOf(tasks, (task) => task.name, ofName), left: 0, kind: "tasks" };
  const depths = depthsOf(tasks);
  // Tasks of one depth never depend on each other, so that putting them together makes no circle.
  const keys = new Map(tasks.map((task) => [task.name, `${depths.get(task.name) ?? 0}:${stemOf(task.name)}`]));
  const sizes = new Map<string, number>();
  for (const key of keys.values()) sizes.set(key, (sizes.get(key) ?? 0) + 1);
  const keyOf = (task: TaskItem) => {
    const key = keys.get(task.name) ?? task.name;
    return (sizes.get(key) ?? 0) < 2 || opened.has(key) ? task.name : key;
  };
  const groups = boxesOf(tasks, keyOf, (key, members) =>
    members.length === 1 ? ofName(key, members) : `${stemOf(members[0]?.name ?? key)} ×${members.length}`,
  );
  if (groups.length <= most) return { boxes: groups, left: 0, kind: "groups" };
  const near = surroundings(tasks, focused ?? tasks[0]?.name, most);
  return {
    boxes: boxesOf(
      tasks.filter((task) => near.has(task.name)),
      (task) => task.name,
      ofName,
    ),
    left: tasks.length - near.size,
    kind: "around",
  };
}

/** The longest way from a task without dependencies to each task. */
export function depthsOf(tasks: readonly TaskItem[]): Map<string, number> {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const depths = new Map<string, number>();
  for (const first of tasks) {
    // Without recursion: a chain of thousands would overflow the stack.
    const open = [first];
    while (open.length > 0) {
      const task = open[open.length - 1] as TaskItem;
      if (depths.has(task.name)) {
        open.pop();
        continue;
      }
      const missing = task.dependsOn.filter((name) => byName.has(name) && !depths.has(name));
      if (missing.length > 0 && open.length <= tasks.length) {
        for (const name of missing) open.push(byName.get(name) as TaskItem);
        continue;
      }
      depths.set(task.name, 1 + Math.max(-1, ...task.dependsOn.map((name) => depths.get(name) ?? -1)));
      open.pop();
    }
  }
  return depths;
}

/** A name without the number at its end, in brackets or behind a sign: what the parts of one fan-out share. */
export function stemOf(name: string): string {
  const stem = name.replace(/[\s._#-]*(?:\[[^\]]*\]|\(\d+\)|\d+)$/u, "");
  return stem.length > 0 ? stem : name;
}

function boxesOf(
  tasks: readonly TaskItem[],
  keyOf: (task: TaskItem) => string,
  labelOf: (key: string, members: TaskItem[]) => string,
): Box[] {
  const boxes = new Map<string, Box>();
  const keys = new Map<string, string>();
  for (const task of tasks) {
    const key = keyOf(task);
    keys.set(task.name, key);
    const box = boxes.get(key);
    if (box) box.tasks.push(task);
    else boxes.set(key, { key, label: "", tasks: [task], after: [] });
  }
  for (const box of boxes.values()) {
    box.label = labelOf(box.key, box.tasks);
    const before = new Set<string>();
    for (const task of box.tasks) {
      for (const name of task.dependsOn) {
        const key = keys.get(name);
        if (key !== undefined && key !== box.key) before.add(key);
      }
    }
    box.after = [...before];
  }
  return [...boxes.values()];
}

const ofName = (_: string, members: TaskItem[]) => members[0]?.name ?? "";

/** The task and what is nearest to it up and down the graph, until there are enough. */
function surroundings(tasks: readonly TaskItem[], centre: string | undefined, most: number): Set<string> {
  const next = new Map<string, string[]>();
  const known = new Map(tasks.map((task) => [task.name, task]));
  for (const task of tasks) {
    for (const name of task.dependsOn) {
      const list = next.get(name);
      if (list) list.push(task.name);
      else next.set(name, [task.name]);
    }
  }
  const found = new Set<string>();
  let ring = centre !== undefined && known.has(centre) ? [centre] : [];
  while (ring.length > 0 && found.size < most) {
    const further: string[] = [];
    for (const name of ring) {
      if (found.size >= most) break;
      if (found.has(name)) continue;
      found.add(name);
      further.push(...(known.get(name)?.dependsOn ?? []), ...(next.get(name) ?? []));
    }
    ring = further.filter((name) => known.has(name) && !found.has(name));
  }
  return found;
}
