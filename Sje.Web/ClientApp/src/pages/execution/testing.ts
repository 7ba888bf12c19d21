import type { AttemptItem } from "../../api/attempts";
import type { TaskItem } from "../../api/executions";

/** The instant that the tests of this page count seconds from. */
export const start = Date.parse("2026-11-26T12:00:00Z");

/** An instant so many seconds later. */
export const after = (seconds: number) => new Date(start + seconds * 1000).toISOString();

/** A task as the API shows it, with what a test changes about it. */
export function task(name: string, change: Partial<TaskItem> = {}): TaskItem {
  return {
    id: `id-${name}`,
    name,
    ordinal: 0,
    type: "process",
    queue: "default",
    lane: "background",
    state: "queued",
    attempt: 0,
    failures: 0,
    lost: 0,
    maxAttempts: 3,
    dependsOn: [],
    resources: { cpus: 0, memoryBytes: 0, labels: [] },
    acceptedAt: after(0),
    ...change,
  };
}

/** An attempt as the API shows it. */
export function attempt(name: string, number: number, change: Partial<AttemptItem> = {}): AttemptItem {
  return {
    taskId: `id-${name}`,
    task: name,
    number,
    workerId: "w1",
    worker: "worker-1",
    startedAt: after(number),
    ...change,
  };
}
