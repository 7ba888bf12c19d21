import type { TaskItem } from "../../../api/executions";
import { count, duration } from "../../../base/format";
import { Card } from "../../../ui/Card";
import { DataTable, type Column } from "../../../ui/DataTable";
import { EmptyState } from "../../../ui/placeholders";
import { StateMark } from "../../../ui/StateMark";
import { Bytes, Count, Meter } from "../../../ui/values";
import type { SparkTask } from "../useSparkTasks";
import { metricWords, type NodeRows, nodeRowsOf, unitOf } from "./rows";
import { SparkPart } from "./SparkPart";

/** What the focused task used and moved, and beside it the same of every other task. */
export default function MetricsTab({
  tasks,
  focused,
  spark,
  onFocus,
}: {
  tasks: readonly TaskItem[];
  focused: TaskItem | undefined;
  spark: readonly SparkTask[];
  onFocus(task: string): void;
}) {
  const metrics = focused?.metrics ?? {};
  const rows = nodeRowsOf(focused?.parts);
  const sparkTask = spark.find((one) => one.task === focused?.name);
  const nothing = Object.keys(metrics).length === 0 && !rows && !sparkTask;
  return (
    <div className="xp-metrics">
      {nothing ? (
        <Card>
          <EmptyState title={focused ? `${focused.name} has measured nothing yet` : "Nothing measured yet"}>
            CPU and memory are sampled while a child process runs; a task may print <code>::metric name value</code> of its own.
          </EmptyState>
        </Card>
      ) : (
        <Resources task={focused} />
      )}
      {sparkTask && <SparkPart spark={sparkTask} />}
      {rows && <RowsCard rows={rows} />}
      <Measured metrics={metrics} />
      {tasks.length > 1 && <AllTasks tasks={tasks} focused={focused} onFocus={onFocus} />}
    </div>
  );
}

const resourceNames = new Set(["cpu_seconds", "memory_bytes", "memory_peak_bytes"]);

/** Everything that the task has told of itself, by name, as `name value` in as many columns as fit. */
function Measured({ metrics }: { metrics: Readonly<Record<string, number>> }) {
  const told = Object.entries(metrics)
    .filter(([name]) => !resourceNames.has(name))
    .map(([name, value]) => ({ name, value, words: metricWords(name) }))
    .sort((a, b) => a.words.localeCompare(b.words, "en"));
  if (told.length === 0) return null;
  return (
    <Card title="Measured">
      <dl className="xp-measured" aria-label="Measured">
        {told.map(({ name, value, words }) => (
          <div key={name}>
            <dt title={name}>{words}</dt>
            <dd className="number">
              <Value name={name} value={value} />
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function Resources({ task }: { task: TaskItem | undefined }) {
  const metrics = task?.metrics;
  if (!task || !metrics) return null;
  const { cpu_seconds: cpu, memory_bytes: memory, memory_peak_bytes: peak } = metrics;
  if (cpu === undefined && peak === undefined) return null;
  const limit = task.resources.memoryBytes;
  const from = task.attemptStartedAt ?? task.startedAt;
  const wall = from && task.finishedAt ? (Date.parse(task.finishedAt) - Date.parse(from)) / 1000 : undefined;
  return (
    <Card title="CPU and memory">
      <dl className="xp-figures">
        {cpu !== undefined && (
          <div>
            <dt>CPU time</dt>
            <dd>
              {duration(cpu * 1000)}
              {wall !== undefined && wall > 0.5 && (
                <span className="muted"> · {Math.round((cpu / wall) * 100) / 100} cores on average</span>
              )}
            </dd>
          </div>
        )}
        {memory !== undefined && task.state === "running" && (
          <div>
            <dt>Memory now</dt>
            <dd>
              <Bytes value={memory} />
            </dd>
          </div>
        )}
        {peak !== undefined && (
          <div>
            <dt>Memory at most</dt>
            <dd>
              <Bytes value={peak} />
              {limit > 0 && (
                <Meter
                  label="Most memory against its limit"
                  value={peak}
                  max={limit}
                  text={`${Math.round((peak / limit) * 100)} % of its limit`}
                  tone={peak > limit * 0.9 ? "failed" : peak > limit * 0.7 ? "retrying" : "accent"}
                />
              )}
            </dd>
          </div>
        )}
      </dl>
    </Card>
  );
}

function RowsCard({ rows }: { rows: readonly NodeRows[] }) {
  const most = Math.max(1, ...rows.map((row) => Math.max(row.rowsIn ?? 0, row.rowsOut ?? 0)));
  return (
    <Card title="Rows per node" flush>
      <div className="xp-scroll-x">
        <table className="xp-table">
          <thead>
            <tr>
              <th scope="col">Node</th>
              <th scope="col">Component</th>
              <th scope="col" className="number">
                Rows in
              </th>
              <th scope="col" className="number">
                Rows out
              </th>
              <th scope="col">Out of the most</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.node}>
                <th scope="row">{row.node}</th>
                <td className="muted">{row.type}</td>
                <td className="number">
                  {row.type.startsWith("source.") ? <span className="muted">–</span> : <Rows value={row.rowsIn} />}
                </td>
                <td className="number">
                  <Rows value={row.rowsOut} />
                </td>
                <td>
                  <span className="xp-rowbar" style={{ width: `${((row.rowsOut ?? 0) / most) * 100}%` }} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

const Rows = ({ value }: { value: number | null }) =>
  value === null ? <span title="A later limit ended the reading early">not counted</span> : <Count value={value} />;

function AllTasks({
  tasks,
  focused,
  onFocus,
}: {
  tasks: readonly TaskItem[];
  focused: TaskItem | undefined;
  onFocus(task: string): void;
}) {
  const of = (name: string) => (task: TaskItem) => task.metrics?.[name];
  const columns: Column<TaskItem>[] = [
    { id: "state", header: "State", width: "130px", cell: (task) => <StateMark state={task.state} /> },
    { id: "task", header: "Task", width: "minmax(160px, 2fr)", cell: (task) => <span className="ellipsis">{task.name}</span> },
    { id: "cpu", header: "CPU time", align: "end", cell: (task) => <Value name="cpu_seconds" value={of("cpu_seconds")(task)} /> },
    {
      id: "memory",
      header: "Memory at most",
      align: "end",
      cell: (task) => <Value name="memory_peak_bytes" value={of("memory_peak_bytes")(task)} />,
    },
    { id: "in", header: "Rows in", align: "end", cell: (task) => <Value name="rows_in" value={of("rows_in")(task)} /> },
    { id: "out", header: "Rows out", align: "end", cell: (task) => <Value name="rows_out" value={of("rows_out")(task)} /> },
  ];
  return (
    <Card title="All tasks" flush>
      <DataTable
        label="All tasks"
        rows={tasks}
        columns={columns}
        rowKey={(task) => task.id}
        current={focused?.id}
        onOpen={(task) => onFocus(task.name)}
        height={`${Math.min(10, tasks.length) * 32 + 36}px`}
      />
    </Card>
  );
}

function Value({ name, value }: { name: string; value: number | undefined }) {
  if (value === undefined) return <span className="muted">–</span>;
  switch (unitOf(name)) {
    case "bytes":
      return <Bytes value={value} />;
    case "seconds":
      return <span title={`${count(value)} s`}>{duration(value * 1000)}</span>;
    case "milliseconds":
      return <span title={`${count(value)} ms`}>{duration(value)}</span>;
    case "count":
      return <Count value={value} />;
  }
}
