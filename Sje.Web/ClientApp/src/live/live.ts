import { useEffect, useRef, useSyncExternalStore } from "react";
import { stream } from "./stream";

/** What changed: read it again (or patch it) if it is shown. `id` is its id, or its name; `version` is its own, of a task the execution's. */
export interface LiveEvent {
  topic: LiveTopic;
  id: string;
  kind: string;
  /** Of executions, tasks and dead letters. */
  executionId: string;
  taskId?: string | null;
  version?: number | null;
  at: string;
}

export type LiveTopic = "executions" | "tasks" | "dead_letters" | "operations" | "jobs" | "schedules" | "queues" | "workers";

export interface LiveStatus {
  /** `live`; `paused` while the tab is hidden or by choice; `connecting` at first; `offline` when the server does not answer. */
  state: "connecting" | "live" | "paused" | "offline";
  /** Since when. */
  since: Date;
}

/**
 * Calls `onEvents` with all that came since the last call, in order, while the component is there. As the stream begins, and after a time when
 * events may have been missed, it is called with `{ caughtUp: true }`, whether or not events came with it: read again what is shown.
 */
export function useLive(
  topics: readonly LiveTopic[],
  onEvents: (events: readonly LiveEvent[], how: { caughtUp: boolean }) => void,
): void {
  const latest = useRef(onEvents);
  useEffect(() => {
    latest.current = onEvents;
  });
  const key = topics.join(",");
  useEffect(() => {
    const wanted = new Set(key.split(","));
    return stream.listen((events, how) => {
      const mine = events.filter((event) => wanted.has(event.topic));
      if (mine.length > 0 || how.caughtUp) latest.current(mine, how);
    });
  }, [key]);
}

/** Whether what is shown is live. */
export function useLiveStatus(): LiveStatus {
  return useSyncExternalStore(stream.subscribe, stream.status);
}
