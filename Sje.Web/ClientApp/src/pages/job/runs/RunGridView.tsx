import { useNavigate } from "@tanstack/react-router";
import { useMemo, useRef, useState, type KeyboardEvent } from "react";
import type { Run, RunCell, RunGrid } from "../../../api/jobs";
import { duration, instant } from "../../../base/format";
import { usePreferences } from "../../../base/preferences";
import { lookOf, PageLink, StateIcon } from "../../../ui";

const BAR_HEIGHT = 56;

/**
 * Tasks down, runs across, the oldest at the left: how each task went in each run, and above each run how long it took. Arrow keys move
 * from cell to cell, Enter opens the execution at that task.
 */
export function RunGridView({ grid, dimmed }: { grid: RunGrid; dimmed: boolean }) {
  const runs = useMemo(() => grid.runs.toReversed(), [grid.runs]);
  const cells = useMemo(() => runs.map((run) => new Map(run.cells.map((cell) => [cell.task, cell]))), [runs]);
  const longest = Math.max(1, ...runs.map(durationOf));
  const [at, setAt] = useState({ row: 0, column: runs.length - 1 });
  const table = useRef<HTMLTableElement>(null);
  const navigate = useNavigate();
  const { zone } = usePreferences();
  // Runs come and go beside it.
  const column = Math.min(Math.max(at.column, 0), runs.length - 1);
  const row = Math.min(at.row, grid.tasks.length - 1);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      Home: [0, -column],
      End: [0, runs.length - 1 - column],
    }[event.key];
    if (step === undefined || !(event.target instanceof Element) || !event.target.closest("td")) return;
    event.preventDefault();
    const next = { row: clamp(row + (step[0] ?? 0), grid.tasks.length), column: clamp(column + (step[1] ?? 0), runs.length) };
    setAt(next);
    const cell = table.current?.querySelector<HTMLElement>(`[data-cell="${next.row} ${next.column}"]`);
    cell?.focus();
    cell?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  return (
    <div className={`job-grid ${dimmed ? "job-stale" : ""}`}>
      <table ref={table} aria-label="Tasks by runs, the newest run last" onKeyDown={onKeyDown}>
        <thead>
          <tr>
            <th scope="col" className="job-grid-corner">
              <span className="muted">{duration(longest)}</span>
              <span className="job-grid-zero muted">0</span>
            </th>
            {runs.map((run) => (
              <th key={run.execution.id} scope="col">
                <RunBar run={run} longest={longest} zone={zone} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {grid.tasks.map((task, taskAt) => (
            <tr key={task}>
              <th scope="row" title={task}>
                {task}
              </th>
              {runs.map((run, runAt) => {
                const cell = cells[runAt]?.get(taskAt);
                const mine = taskAt === row && runAt === column;
                return (
                  <td key={run.execution.id}>
                    <button
                      type="button"
                      data-cell={`${taskAt} ${runAt}`}
                      tabIndex={mine ? 0 : -1}
                      className={cell ? "job-cell" : "job-cell job-cell-none"}
                      aria-label={wordsOf(task, cell)}
                      title={wordsOf(task, cell)}
                      onFocus={() => setAt({ row: taskAt, column: runAt })}
                      onClick={() => void navigate({ to: `/executions/${run.execution.id}` as never, search: (cell ? { task } : {}) as never })}
                    >
                      {cell && <StateIcon state={cell.state} />}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function RunBar({ run, longest, zone }: { run: Run; longest: number; zone: "local" | "utc" }) {
  const { execution } = run;
  const state = execution.retrying ? "retrying" : execution.state;
  const took = durationOf(run);
  const words = [
    lookOf(state).word,
    instant(new Date(execution.startedAt ?? execution.acceptedAt), zone),
    execution.startedAt ? duration(took) : "",
    execution.jobVersion ? `version ${execution.jobVersion}` : "",
  ]
    .filter(Boolean)
    .join(" · ");
  return (
    <PageLink to={`/executions/${execution.id}`} className={`job-run state-${lookOf(state).tone}`} title={words} aria-label={words}>
      <span className="job-run-bar" style={{ height: Math.max(4, Math.round((took / longest) * BAR_HEIGHT)) }} />
    </PageLink>
  );
}

function durationOf({ execution }: Run): number {
  if (!execution.startedAt) return 0;
  const end = execution.finishedAt ? Date.parse(execution.finishedAt) : Date.now();
  return Math.max(0, end - Date.parse(execution.startedAt));
}

function wordsOf(task: string, cell: RunCell | undefined): string {
  if (!cell) return `${task}: not part of this run`;
  return [
    `${task}: ${lookOf(cell.state).word}`,
    cell.durationMs != null ? duration(cell.durationMs) : "",
    cell.attempt > 1 ? `attempt ${cell.attempt}` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

function clamp(value: number, count: number): number {
  return Math.min(Math.max(value, 0), count - 1);
}
