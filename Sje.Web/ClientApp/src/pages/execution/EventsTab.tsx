import { useMemo } from "react";
import { rowsOf } from "../../api/client";
import { type EventItem, type TaskItem, useExecutionEvents } from "../../api/executions";
import { duration } from "../../base/format";
import { DataTable, type Column } from "../../ui/DataTable";
import { EmptyState } from "../../ui/placeholders";
import { StateIcon } from "../../ui/StateMark";
import { lookOf } from "../../ui/states";
import { Time } from "../../ui/values";

/** Every state change, the oldest first, with the time since the first. */
export default function EventsTab({
  id,
  acceptedAt,
  tasks,
  onFocus,
}: {
  id: string;
  acceptedAt: string;
  tasks: readonly TaskItem[];
  onFocus(task: string): void;
}) {
  const events = useExecutionEvents(id);
  const rows = rowsOf(events.data);
  const names = useMemo(() => new Map(tasks.map((task) => [task.id, task.name])), [tasks]);
  const start = Date.parse(acceptedAt);
  const columns: Column<EventItem>[] = [
    { id: "at", header: "Time", width: "110px", cell: (row) => <Time at={row.at} show="time" focusable /> },
    {
      id: "since",
      header: "After",
      width: "90px",
      align: "end",
      cell: (row) => <span className="muted">+{duration(Math.max(0, Date.parse(row.at) - start))}</span>,
    },
    {
      id: "what",
      header: "What happened",
      width: "minmax(180px, 1fr)",
      cell: (row) => (
        <span className="xp-event">
          <StateIcon state={stateOf(row.kind)} />
          {wordsOf(row.kind)}
        </span>
      ),
    },
    {
      id: "of",
      header: "Of",
      width: "minmax(140px, 1fr)",
      cell: (row) =>
        row.taskId ? (
          <span className="ellipsis">{names.get(row.taskId) ?? row.taskId}</span>
        ) : (
          <span className="muted">execution</span>
        ),
    },
    {
      id: "data",
      header: "Details",
      width: "minmax(200px, 3fr)",
      above: 640,
      cell: (row) => {
        const text = detailsOf(row.data);
        return (
          <span className="ellipsis" title={text}>
            {text}
          </span>
        );
      },
    },
  ];
  return (
    <div className="xp-fill">
      <DataTable
        label="Events"
        rows={rows}
        columns={columns}
        rowKey={(row) => row.id}
        onOpen={(row) => {
          const name = row.taskId ? names.get(row.taskId) : undefined;
          if (name) onFocus(name);
        }}
        error={events.error ?? undefined}
        onRetry={() => void events.refetch()}
        hasMore={events.hasNextPage}
        onMore={() => void (events.isFetchingNextPage || events.fetchNextPage())}
        empty={<EmptyState title="No events">They are kept as long as the history of executions.</EmptyState>}
      />
    </div>
  );
}

const stateOf = (kind: string) => kind.slice(kind.indexOf(".") + 1);

const words: Record<string, string> = {
  "task.cancel_requested": "Cancel requested",
  "task.restart_requested": "Restart requested",
  "task.dismissed": "Dismissed as dead letter",
  "task.moved": "Moved in line",
  "execution.admitted": "Admitted",
};

function wordsOf(kind: string): string {
  return words[kind] ?? lookOf(stateOf(kind)).word;
}

function detailsOf(data: Record<string, unknown>): string {
  const { reason, ...rest } = data;
  const others = Object.entries(rest).map(
    ([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return [typeof reason === "string" ? reason : "", ...others].filter(Boolean).join(" · ");
}
