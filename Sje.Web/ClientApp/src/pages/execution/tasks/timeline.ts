import type { AttemptItem } from "../../../api/attempts";
import type { TaskItem } from "../../../api/executions";

/** What a stretch of a task's line in the Gantt chart stands for. */
export type StretchKind = "waiting" | "attempt" | "backoff";

/** A stretch of time of one task, in milliseconds of the epoch. */
export interface Stretch {
  kind: StretchKind;
  from: number;
  to: number;
  /** The attempt's number; of a backoff that of the attempt which comes next. */
  attempt: number;
  /** How an attempt ended; null while it runs. */
  outcome: string | null;
  /** Whether it still goes on. */
  open: boolean;
}

/** The window of time that a chart shows. */
export interface Span {
  from: number;
  to: number;
}

/** The attempts of each task by its name, the first attempt first. */
export function byTask(attempts: readonly AttemptItem[]): Map<string, AttemptItem[]> {
  const found = new Map<string, AttemptItem[]>();
  for (const attempt of attempts) {
    const list = found.get(attempt.task);
    if (list) list.push(attempt);
    else found.set(attempt.task, [attempt]);
  }
  for (const list of found.values()) list.sort((a, b) => a.number - b.number);
  return found;
}

/**
 * The stretches of a task from being queued to its end. Where its attempts are not known yet, the task's own times stand for the newest
 * one, so that a chart can be drawn before they have been read.
 */
export function stretchesOf(task: TaskItem, attempts: readonly AttemptItem[] | undefined, now: number): Stretch[] {
  // A task without dependencies waits from the moment it was accepted; one with them only since they were met.
  const queued = time(task.queuedAt) ?? (task.dependsOn.length > 0 ? undefined : time(task.acceptedAt));
  const known = attempts && attempts.length > 0 ? attempts.map((one) => ofAttempt(one, task, now)) : guessed(task, now);
  const stretches: Stretch[] = [];
  let end = undefined as number | undefined;
  for (const attempt of known) {
    const from = end ?? earlier(queued, attempt.from);
    if (attempt.from > from) {
      stretches.push({
        kind: end === undefined ? "waiting" : "backoff",
        from,
        to: attempt.from,
        attempt: attempt.attempt,
        outcome: null,
        open: false,
      });
    }
    stretches.push(attempt);
    end = attempt.to;
  }
  const waits = task.state === "queued" || task.state === "waiting_retry";
  const since = end ?? queued;
  if (waits && since !== undefined && now > since) {
    stretches.push({
      kind: end === undefined ? "waiting" : "backoff",
      from: since,
      to: now,
      attempt: task.attempt + 1,
      outcome: null,
      open: true,
    });
  } else if (known.length === 0 && queued !== undefined) {
    // It ended without ever having run: cancelled or skipped while it waited.
    const to = time(task.finishedAt);
    if (to !== undefined && to > queued) {
      stretches.push({ kind: "waiting", from: queued, to, attempt: 0, outcome: null, open: false });
    }
  }
  return stretches;
}

/** The window that holds all tasks: from the first start (or, with <c>queueing</c>, from when the first began to wait) to the last end or now. */
export function spanOf(
  tasks: readonly TaskItem[],
  attempts: ReadonlyMap<string, readonly AttemptItem[]>,
  now: number,
  queueing: boolean,
): Span {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  let waitedFrom = Number.POSITIVE_INFINITY;
  let going = false;
  for (const task of tasks) {
    const first = attempts.get(task.name)?.[0];
    const started = time(first?.startedAt) ?? time(task.startedAt);
    const ended = time(task.finishedAt);
    if (started !== undefined) from = Math.min(from, started);
    if (ended !== undefined) to = Math.max(to, ended);
    else going = going || task.state === "running" || task.state === "waiting_retry" || task.state === "queued";
    const queued = time(task.queuedAt) ?? time(task.acceptedAt);
    if (queued !== undefined) waitedFrom = Math.min(waitedFrom, queued);
  }
  if (going) to = Math.max(to, now);
  if (queueing || from === Number.POSITIVE_INFINITY) from = Math.min(from, waitedFrom);
  if (!Number.isFinite(from)) from = now;
  if (!Number.isFinite(to) || to <= from) to = from + 1;
  return { from, to };
}

/** Where a stretch lies in a window, in shares of its width; null where it does not. */
export function place(stretch: Pick<Stretch, "from" | "to">, span: Span): { left: number; width: number } | null {
  const length = span.to - span.from;
  const left = Math.max(0, (stretch.from - span.from) / length);
  const right = Math.min(1, (stretch.to - span.from) / length);
  return right < 0 || left > 1 || right < left ? null : { left, width: right - left };
}

const steps = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
  1_800_000, 3_600_000, 7_200_000, 14_400_000, 21_600_000, 43_200_000, 86_400_000,
];

/** Marks of an axis of time since the window's start: round lengths, at most <c>most</c> of them. */
export function marksOf(span: Span, most: number): { at: number; since: number }[] {
  const length = span.to - span.from;
  const step = steps.find((one) => length / one <= most) ?? Math.ceil(length / most / 86_400_000) * 86_400_000;
  const marks: { at: number; since: number }[] = [];
  for (let since = 0; since <= length; since += step) marks.push({ at: since / length, since });
  return marks;
}

function ofAttempt(attempt: AttemptItem, task: TaskItem, now: number): Stretch {
  const from = Date.parse(attempt.startedAt);
  const ended = time(attempt.endedAt);
  // An attempt without an end of a task that has one: its worker was lost, or the list is older than the task. It runs no more.
  const to = ended ?? (task.finishedAt ? Date.parse(task.finishedAt) : now);
  return {
    kind: "attempt",
    from,
    to: Math.max(from, to),
    attempt: attempt.number,
    outcome: attempt.outcome ?? (ended === undefined && task.finishedAt ? task.state : null),
    open: ended === undefined && !task.finishedAt,
  };
}

function guessed(task: TaskItem, now: number): Stretch[] {
  const from = time(task.attemptStartedAt) ?? time(task.startedAt);
  if (from === undefined || task.attempt === 0) return [];
  const ended = time(task.finishedAt);
  const open = ended === undefined && task.state === "running";
  // Between attempts the end of the last one is not on the task: it is drawn when the attempts have been read.
  if (ended === undefined && !open) return [];
  return [
    {
      kind: "attempt",
      from,
      to: Math.max(from, ended ?? now),
      attempt: task.attempt,
      outcome: open ? null : task.state,
      open,
    },
  ];
}

const earlier = (a: number | undefined, b: number) => (a === undefined ? b : Math.min(a, b));

const time = (instant: string | null | undefined) => (instant ? Date.parse(instant) : undefined);
