import { cancelOperation, operationKeys, useOperationList, type Operation } from "../../api/operations";
import { Card, EmptyState, IconButton, Progress, StateMark, Time } from "../../ui";
import { DataTable, type Column } from "../../ui/DataTable";
import { refusal, useAct } from "../parts";
import { endOf, verbOf } from "../parts/operations";

/** Changes of many rows that were asked for in one request, and how far each is. */
export function OperationsTab() {
  const list = useOperationList();
  const act = useAct();
  const columns: Column<Operation>[] = [
    { id: "state", header: "State", width: "140px", cell: (operation) => <StateMark state={operation.state} /> },
    { id: "kind", header: "What", width: "minmax(160px, 1.5fr)", cell: (operation) => <strong>{verbOf(operation.kind).going}</strong> },
    {
      id: "which",
      header: "Which",
      width: "minmax(120px, 2fr)",
      above: 760,
      cell: (operation) => {
        const words = whichOf(operation);
        return <span title={words}>{words}</span>;
      },
    },
    {
      id: "progress",
      header: "Done",
      width: "minmax(170px, 2fr)",
      cell: (operation) =>
        operation.state === "running" ? (
          <Progress done={operation.done + operation.failed} total={operation.total} label={verbOf(operation.kind).going} />
        ) : (
          <span title={endOf(operation).text}>{endOf(operation).text}</span>
        ),
    },
    { id: "by", header: "Asked for by", width: "minmax(80px, 1fr)", above: 900, cell: (operation) => operation.requestedBy ?? <span className="muted">–</span> },
    { id: "began", header: "Began", width: "120px", above: 560, cell: (operation) => <Time at={operation.createdAt} /> },
    {
      id: "actions",
      header: <span className="visually-hidden">Actions</span>,
      width: "44px",
      align: "end",
      cell: (operation) =>
        operation.state === "running" && (
          <IconButton
            icon="stop"
            label={`Stop: ${verbOf(operation.kind).going}`}
            busy={act.busy === operation.id}
            reason={refusal(operation, "cancel")}
            onClick={() => void act.run(operation.id, () => cancelOperation(operation.id), { said: "Stopped. What was done stays done.", keys: [operationKeys.all] })}
          />
        ),
    },
  ];
  return (
    <Card flush className="filling" title="Operations">
      <DataTable
        label="Operations"
        rows={list.rows}
        columns={columns}
        rowKey={(operation) => operation.id}
        error={list.error}
        onRetry={() => void list.refetch()}
        hasMore={list.hasNextPage}
        onMore={() => void list.fetchNextPage()}
        empty={<EmptyState title="No operations">Retrying or purging many dead letters, or cancelling many executions, becomes an operation that the server works off. None was asked for yet.</EmptyState>}
      />
    </Card>
  );
}

/** The filter of an operation in one line. */
function whichOf(operation: Operation): string {
  const parts = Object.entries(operation.filter ?? {}).flatMap(([name, value]) =>
    value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0) ? [] : [`${name} ${Array.isArray(value) ? value.join(", ") : String(value)}`],
  );
  return parts.length > 0 ? parts.join(" · ") : "all";
}
