import { useMemo } from "react";
import type { AttemptItem } from "../../api/attempts";
import type { ExecutionDetail, TaskItem } from "../../api/executions";
import { LogView } from "../../log/LogView";
import { Button } from "../../ui/Button";
import { Checkbox, TextField } from "../../ui/fields";
import { finalStates } from "./useExecutionPage";
import type { ExecutionSearch } from "./search";
import { countGroups, filterTasks } from "./tasks/taskFilter";
import { TaskTimeline } from "./tasks/TaskTimeline";

/** What happened, on one screen: the tasks over time, and the log of the focused one below them. */
export function OverviewTab({
  execution,
  tasks,
  tasksComing,
  attempts,
  focused,
  search,
  setUrl,
  onFocus,
}: {
  execution: ExecutionDetail;
  tasks: readonly TaskItem[];
  tasksComing: boolean;
  attempts: ReadonlyMap<string, readonly AttemptItem[]>;
  focused: TaskItem | undefined;
  search: ExecutionSearch;
  setUrl(change: Record<string, string | undefined>, options?: { replace?: boolean }): void;
  onFocus(task: string, attempt?: number): void;
}) {
  const groups = useMemo(() => countGroups(tasks), [tasks]);
  const shown = useMemo(() => filterTasks(tasks, search.find, search.only), [tasks, search.find, search.only]);
  const many = tasks.length > 8;
  return (
    <div className="xp-overview">
      <section className="xp-tasks" aria-label="Tasks">
        <div className="xp-tasks-tools">
          {many && (
            <TextField
              label="Find a task"
              hideLabel
              type="search"
              placeholder="Find a task"
              value={search.find ?? ""}
              onChange={(text) => setUrl({ find: text || undefined }, { replace: true })}
            />
          )}
          {tasks.length > 1 &&
            groups.map((group) => (
              <Button
                key={group.id}
                tone="quiet"
                aria-pressed={search.only === group.id}
                className="xp-chip"
                onClick={() => setUrl({ only: search.only === group.id ? undefined : group.id })}
              >
                {group.word} {group.count}
              </Button>
            ))}
          {tasksComing && <span className="muted">reading more tasks…</span>}
          <span className="xp-tasks-queueing">
            <Checkbox
              label="With time in queue"
              checked={search.queueing}
              onChange={(checked) => setUrl({ queueing: checked ? "1" : undefined }, { replace: true })}
            />
          </span>
        </div>
        {shown.length === 0 && tasks.length > 0 ? (
          <p className="xp-none">
            No task matches.{" "}
            <Button tone="quiet" onClick={() => setUrl({ find: undefined, only: undefined })}>
              Show all {tasks.length}
            </Button>
          </p>
        ) : (
          <TaskTimeline
            tasks={tasks}
            shown={shown}
            attempts={attempts}
            focused={focused?.name}
            attempt={search.attempt}
            queueing={search.queueing}
            narrowed={`${search.find ?? ""}/${search.only ?? ""}`}
            live={!finalStates.has(execution.state)}
            onFocus={onFocus}
          />
        )}
      </section>
      <section className="xp-log" aria-label={focused ? `Log of ${focused.name}` : "Log"}>
        <LogView
          executionId={execution.id}
          task={focused?.name}
          attempt={search.attempt}
          line={search.line}
          level={search.level}
          q={search.q}
          qmode={search.qmode}
          onChange={(patch) =>
            setUrl(Object.fromEntries(Object.entries(patch).map(([name, value]) => [name, value === undefined ? undefined : String(value)])), {
              replace: true,
            })
          }
        />
      </section>
    </div>
  );
}
