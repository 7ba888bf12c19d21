import { type CSSProperties, memo, useEffect, useMemo, useRef } from "react";
import type { AttemptItem } from "../../../api/attempts";
import type { TaskItem } from "../../../api/executions";
import { duration, instant } from "../../../base/format";
import { usePreferences } from "../../../base/preferences";
import { StateIcon } from "../../../ui/StateMark";
import { lookOf } from "../../../ui/states";
import { Duration, useNow } from "../../../ui/values";
import { useWindow } from "./useWindow";
import { marksOf, place, spanOf, type Span, type Stretch, stretchesOf } from "./timeline";

const rowHeight = 28;

/**
 * The tasks of an execution as a list and a Gantt chart in one: each row is a task, its bar the attempts on a common axis of time. The name is as
 * clickable as the bar, which may be a pixel wide. Only the rows that are seen are drawn.
 */
export function TaskTimeline({
  tasks,
  shown,
  attempts,
  focused,
  attempt,
  queueing,
  narrowed,
  live,
  onFocus,
}: {
  /** All tasks: they make the axis. */
  tasks: readonly TaskItem[];
  /** Those that the list shows. */
  shown: readonly TaskItem[];
  attempts: ReadonlyMap<string, readonly AttemptItem[]>;
  focused: string | undefined;
  attempt: number | undefined;
  queueing: boolean;
  /** What the list is narrowed down to, as one word: another one begins at its top. */
  narrowed: string;
  live: boolean;
  onFocus(task: string, attempt?: number): void;
}) {
  const now = useNow(live).getTime();
  const span = useMemo(() => spanOf(tasks, attempts, now, queueing), [tasks, attempts, now, queueing]);
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useWindow(scroller, shown.length, rowHeight);

  const at = shown.findIndex((task) => task.name === focused);
  useEffect(() => {
    if (at >= 0) rows.reveal(at);
    else scroller.current?.scrollTo({ top: 0 });
    // Only when another task is focused or other ones are looked for: a row that changes must not pull the list.
  }, [focused, narrowed]);

  return (
    <div className="xp-gantt" role="group" aria-label="Tasks over time">
      <div className="xp-gantt-axis" aria-hidden="true">
        <span className="xp-gantt-name muted">
          {shown.length < tasks.length ? `${shown.length} of ` : ""}
          {tasks.length === 1 ? "1 task" : `${tasks.length} tasks`}
        </span>
        <span className="xp-gantt-took muted">took</span>
        <span className="xp-gantt-track">
          {marksOf(span, 6).map((mark) => (
            <span key={mark.since} className="xp-gantt-mark" style={{ left: `${mark.at * 100}%` }}>
              {mark.since === 0 ? "0" : duration(mark.since)}
            </span>
          ))}
        </span>
      </div>
      <div ref={scroller} className="xp-gantt-rows" style={{ "--xp-rows": Math.max(1, shown.length) } as CSSProperties}>
        <ul style={{ height: shown.length * rowHeight }}>
          {shown.slice(rows.from, rows.to).map((task, index) => {
            const row = rows.from + index;
            return (
              <li
                key={task.id}
                style={{ transform: `translateY(${row * rowHeight}px)` }}
                aria-setsize={shown.length}
                aria-posinset={row + 1}
                className={task.name === focused ? "xp-gantt-row xp-focused" : "xp-gantt-row"}
              >
                <Row
                  task={task}
                  attempts={attempts.get(task.name)}
                  focused={task.name === focused}
                  attempt={task.name === focused ? attempt : undefined}
                  span={span}
                  now={task.finishedAt ? 0 : now}
                  onFocus={onFocus}
                />
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}

const Row = memo(function Row({
  task,
  attempts,
  focused,
  attempt,
  span,
  now,
  onFocus,
}: {
  task: TaskItem;
  attempts: readonly AttemptItem[] | undefined;
  focused: boolean;
  attempt: number | undefined;
  span: Span;
  now: number;
  onFocus(task: string, attempt?: number): void;
}) {
  const { zone } = usePreferences();
  const stretches = stretchesOf(task, attempts, now);
  const tried = task.attempt > 1;
  return (
    <>
      <button
        type="button"
        className="xp-gantt-name"
        aria-pressed={focused}
        title={`${task.name} · ${lookOf(task.state).word}${task.waitReason ? ` · ${task.waitReason}` : ""}`}
        onClick={() => onFocus(task.name)}
      >
        <StateIcon state={task.state} />
        <span className="visually-hidden">{lookOf(task.state).word}</span>
        <span className="ellipsis">{task.name}</span>
        {tried && (
          <span className="xp-tries" title={`${task.failures} of ${task.maxAttempts} attempts failed`}>
            {task.attempt}/{task.maxAttempts}
          </span>
        )}
      </button>
      <span className="xp-gantt-took">
        <Duration from={task.startedAt} to={task.finishedAt} />
      </span>
      <span className="xp-gantt-track">
        {stretches.map((stretch) => {
          const at = place(stretch, span);
          if (!at) return null;
          const style = { left: `${at.left * 100}%`, width: `${at.width * 100}%` };
          const title = wordsOf(stretch, zone);
          return stretch.kind === "attempt" ? (
            // The name's button does the same for keyboards and screen readers.
            <button
              key={`a${stretch.attempt}`}
              type="button"
              tabIndex={-1}
              aria-hidden="true"
              data-task={task.name}
              data-open={stretch.open || undefined}
              className={`xp-bar state-${lookOf(stretch.outcome ?? "running").tone}${stretch.open ? " xp-bar-open" : ""}${attempt === stretch.attempt ? " xp-bar-chosen" : ""}`}
              style={style}
              title={title}
              onClick={() => onFocus(task.name, stretch.attempt === task.attempt ? undefined : stretch.attempt)}
            />
          ) : (
            <span
              key={`${stretch.kind}${stretch.attempt}`}
              className={`xp-wait xp-${stretch.kind}`}
              style={style}
              title={title}
            />
          );
        })}
      </span>
    </>
  );
});

function wordsOf(stretch: Stretch, zone: "local" | "utc"): string {
  const took = duration(stretch.to - stretch.from);
  const times = `${instant(new Date(stretch.from), zone, "time")} – ${stretch.open ? "now" : instant(new Date(stretch.to), zone, "time")}`;
  switch (stretch.kind) {
    case "waiting":
      return `Waited ${took} · ${times}`;
    case "backoff":
      return `Between attempts, ${took} · ${times}`;
    case "attempt":
      return `Attempt ${stretch.attempt} · ${stretch.open ? "Running" : lookOf(stretch.outcome ?? "running").word} · ${took} · ${times}`;
  }
}
