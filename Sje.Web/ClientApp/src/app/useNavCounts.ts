import { useQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import { useLiveRefresh } from "../live";

const KEY = ["nav-counts"];
const TOPICS = ["executions", "dead_letters"] as const;
const LEAST_PAUSE_MS = 2_000;

interface Counted {
  counts: Record<string, number>;
}

/** What the navigation counts: by path. */
export type NavCounts = Record<string, { value: number; meaning: string } | undefined>;

/** The counts beside the pages' names: read again as things change, at most every two seconds. */
export function useNavCounts(enabled: boolean): NavCounts {
  const query = useQuery({
    queryKey: KEY,
    enabled,
    refetchInterval: 30_000,
    queryFn: async ({ signal }) => {
      const [executions, dead] = await Promise.all([
        get<Counted>("/executions/counts", { signal }),
        get<Counted>("/dead-letters", { query: { limit: 1 }, signal }),
      ]);
      const by = executions.counts;
      return {
        running: by["running"] ?? 0,
        waiting: (by["queued"] ?? 0) + (by["accepted"] ?? 0),
        dead: Object.values(dead.counts).reduce((sum, value) => sum + value, 0),
      };
    },
  });

  useLiveRefresh(KEY, TOPICS, LEAST_PAUSE_MS);

  const data = query.data;
  if (!data) return {};
  return {
    "/executions": { value: data.running, meaning: "running" },
    "/queues": { value: data.waiting, meaning: "waiting" },
    "/dead-letters": { value: data.dead, meaning: "dead letters" },
  };
}
