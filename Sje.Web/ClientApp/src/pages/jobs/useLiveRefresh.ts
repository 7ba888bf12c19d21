import { useQueryClient, type QueryKey } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useLive, type LiveTopic } from "../../live";

const AT_MOST_EVERY_MS = 2000;
const ALL = ["executions", "jobs", "schedules"] as const;

/** Reads these queries again when something of these topics changed: at once, then at most every two seconds. */
export function useLiveRefresh(queryKey: QueryKey, topics: readonly LiveTopic[] = ALL): void {
  const client = useQueryClient();
  const state = useRef<{ last: number; timer: ReturnType<typeof setTimeout> | undefined }>({ last: 0, timer: undefined });
  useEffect(() => {
    const mine = state.current;
    return () => clearTimeout(mine.timer);
  }, []);
  useLive(topics, () => {
    const mine = state.current;
    if (mine.timer !== undefined) return;
    mine.timer = setTimeout(
      () => {
        mine.timer = undefined;
        mine.last = performance.now();
        void client.invalidateQueries({ queryKey });
      },
      Math.max(0, mine.last + AT_MOST_EVERY_MS - performance.now()),
    );
  });
}
