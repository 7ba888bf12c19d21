import { useEffect, useMemo, useRef, useState } from "react";
import type { TaskItem } from "../../../api/executions";
import { hasFailed } from "../focus";
import { count } from "../../../base/format";
import { Button } from "../../../ui/Button";
import { ErrorState, Skeleton } from "../../../ui/placeholders";
import { type Box, graphOf } from "./collapse";
import { GraphView } from "./GraphView";
import type { Layout, LayoutRequest } from "./layout";
import LayoutWorker from "./layoutWorker?worker";

/** The tasks as a graph of what depends on what; the focused task is the same as everywhere on the page. */
export default function GraphTab({
  tasks,
  focused,
  onFocus,
}: {
  tasks: readonly TaskItem[];
  focused: string | undefined;
  onFocus(task: string): void;
}) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  // What stands where depends on names and edges alone: a state that changes moves nothing.
  const shape = tasks.map((task) => `${task.name}<${task.dependsOn.join(",")}`).join(";");
  const around = tasks.length > 500 ? focused : undefined;
  const graph = useMemo(() => graphOf(tasks, focused, opened), [shape, opened, around]);
  const { layout, error, again } = useLayout(graph.boxes);

  // The boxes were made of tasks as they were then.
  const fresh = useMemo(() => new Map(tasks.map((task) => [task.name, task])), [tasks]);
  const boxes = useMemo(
    () => graph.boxes.map((box) => ({ ...box, tasks: box.tasks.map((task) => fresh.get(task.name) ?? task) })),
    [graph, fresh],
  );

  return (
    <div className="xp-graph-tab">
      {graph.kind !== "tasks" && (
        <p className="xp-graph-note muted">
          {graph.kind === "groups"
            ? `${count(tasks.length)} tasks: like tasks are drawn as one box. A double click, or Enter, opens it.`
            : `${count(tasks.length)} tasks are too many to draw: this is what lies around the focused task; ${count(graph.left)} are left out.`}
          {opened.size > 0 && (
            <Button tone="quiet" onClick={() => setOpened(new Set())}>
              Close all groups
            </Button>
          )}
        </p>
      )}
      {error ? (
        <ErrorState error={error} title="The graph could not be laid out" onRetry={again} />
      ) : layout ? (
        <GraphView
          boxes={boxes}
          layout={layout}
          focused={focused}
          onFocus={(box) => {
            const task = worstOf(box);
            if (task) onFocus(task.name);
          }}
          onOpen={(box) => setOpened((before) => new Set([...before, box.key]))}
        />
      ) : (
        <Skeleton height={320} />
      )}
    </div>
  );
}

/** The task of a box that a person wants to see first. */
export function worstOf(box: Box): TaskItem | undefined {
  return (
    box.tasks.find(hasFailed) ??
    box.tasks.find((task) => task.state === "waiting_retry") ??
    box.tasks.find((task) => task.state === "running") ??
    box.tasks[0]
  );
}

/** Lays boxes out in a worker; the last layout stays until the next one is there. */
function useLayout(boxes: readonly Box[]): { layout: Layout | undefined; error: unknown; again(): void } {
  const worker = useRef<Worker>(undefined);
  const asked = useRef(0);
  const [layout, setLayout] = useState<Layout>();
  const [error, setError] = useState<unknown>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    let made = worker.current;
    if (!made) {
      made = new LayoutWorker();
      made.onmessage = (event: MessageEvent<Layout>) => {
        if (event.data.id === asked.current) setLayout(event.data);
      };
      made.onerror = (event) => setError(new Error(event.message || "The layout worker stopped."));
      worker.current = made;
    }
    setError(undefined);
    const request: LayoutRequest = {
      id: ++asked.current,
      keys: boxes.map((box) => box.key),
      edges: boxes.flatMap((box) => box.after.map((before): [string, string] => [before, box.key])),
    };
    made.postMessage(request);
  }, [boxes, round]);
  useEffect(
    () => () => {
      worker.current?.terminate();
      worker.current = undefined;
    },
    [],
  );
  return {
    layout,
    error,
    again: () => {
      worker.current?.terminate();
      worker.current = undefined;
      setRound((before) => before + 1);
    },
  };
}
