import { useMemo } from "react";
import type { AttemptItem } from "../../api/attempts";
import type { TaskItem } from "../../api/executions";
import { Button, PageLink } from "../../ui/Button";
import { DataTable, type Column } from "../../ui/DataTable";
import { EmptyState } from "../../ui/placeholders";
import { StateMark } from "../../ui/StateMark";
import { Duration, Time } from "../../ui/values";
import { errorLine } from "./failure";

/** Every attempt of every task, the newest first: who ran it, how long, what it ended with. */
export default function AttemptsTab({
  attempts,
  read,
  tasks,
  focused,
  onlyFocused,
  onOnlyFocused,
  onOpen,
}: {
  attempts: ReadonlyMap<string, readonly AttemptItem[]>;
  read: boolean;
  tasks: readonly TaskItem[];
  focused: TaskItem | undefined;
  onlyFocused: boolean;
  onOnlyFocused(only: boolean): void;
  onOpen(attempt: AttemptItem): void;
}) {
  const rows = useMemo(() => {
    const lists = onlyFocused && focused ? [attempts.get(focused.name) ?? []] : [...attempts.values()];
    return lists.flat().sort((a, b) => b.startedAt.localeCompare(a.startedAt) || b.number - a.number);
  }, [attempts, focused, onlyFocused]);
  const most = useMemo(() => new Map(tasks.map((task) => [task.name, task.maxAttempts])), [tasks]);
  const columns: Column<AttemptItem>[] = [
    { id: "outcome", header: "Ended", width: "150px", cell: (row) => <StateMark state={row.outcome ?? "running"} /> },
    { id: "task", header: "Task", width: "minmax(140px, 1fr)", cell: (row) => <span className="ellipsis">{row.task}</span> },
    {
      id: "number",
      header: "Attempt",
      width: "80px",
      align: "end",
      cell: (row) => `${row.number} of ${Math.max(row.number, most.get(row.task) ?? row.number)}`,
    },
    { id: "started", header: "Started", width: "120px", cell: (row) => <Time at={row.startedAt} /> },
    {
      id: "took",
      header: "Took",
      width: "90px",
      align: "end",
      cell: (row) => <Duration from={row.startedAt} to={row.endedAt} />,
    },
    {
      id: "worker",
      header: "Worker",
      width: "minmax(120px, 1fr)",
      above: 800,
      cell: (row) => <PageLink to={`/workers?worker=${row.workerId}`}>{row.worker}</PageLink>,
    },
    {
      id: "error",
      header: "What it ended with",
      width: "minmax(200px, 3fr)",
      cell: (row) => {
        const text = errorLine(row.error);
        return text ? (
          <span className="ellipsis" title={text}>
            {text}
          </span>
        ) : (
          <span className="muted">{meaningOf(row)}</span>
        );
      },
    },
  ];
  return (
    <div className="xp-fill">
      {tasks.length > 1 && focused && (
        <div className="xp-tasks-tools">
          <Button tone="quiet" className="xp-chip" aria-pressed={onlyFocused} onClick={() => onOnlyFocused(!onlyFocused)}>
            Only of {focused.name}
          </Button>
        </div>
      )}
      <DataTable
        label="Attempts"
        rows={read ? rows : undefined}
        columns={columns}
        rowKey={(row) => `${row.taskId}/${row.number}`}
        onOpen={onOpen}
        empty={<EmptyState title="No attempts yet">A task's first attempt begins when a worker claims it.</EmptyState>}
      />
    </div>
  );
}

function meaningOf({ outcome }: AttemptItem): string {
  switch (outcome) {
    case "lost":
      return "its worker was lost; this counts as no failure";
    case "drained":
      return "its worker was drained; the task went back to its queue";
    case "released":
      return "handed back before it ran";
    case "restarted":
      return "somebody asked for a restart";
    case "cancelled":
      return "cancelled";
    default:
      return "";
  }
}
