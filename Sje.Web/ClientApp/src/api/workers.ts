import { useQuery } from "@tanstack/react-query";
import { useLiveRefresh, useLiveStatus, type LiveTopic } from "../live";
import { get, send, type Page } from "./client";
import { usePulse } from "./pulse";
import type { SparkClusterPage, SparkClusterView, WorkerStatus } from "./schema";

export type Worker = WorkerStatus;
export type Cluster = SparkClusterView;

export const workerKeys = {
  all: ["workers"] as const,
  alive: ["workers", "alive"] as const,
  gone: ["workers", "gone"] as const,
  clusters: ["clusters"] as const,
};

/** How many of the newest workers are looked through for those that are gone. */
const NEWEST = 100;

/** What changes a worker as it is shown: itself, and what it runs. */
const TOPICS: readonly LiveTopic[] = ["workers", "tasks"];

// A heartbeat has no event, and one that fails to come has none either.
const LEAST_LOOK_MS = 1_000;
const MOST_LOOK_MS = 5_000;
/** From this part of a lease on a worker that has not renewed it is suspect. */
const SUSPECT_AFTER = 0.6;

/** How soon after they were read workers are to be looked at again: when the next of them would be suspect or lost. */
export function nextLook(workers: readonly Worker[], readAt: number): number {
  let next = MOST_LOOK_MS;
  for (const { heartbeatAt, leaseUntil, condition } of workers) {
    if (condition === "lost" || condition === "stopped") continue;
    const beat = Date.parse(heartbeatAt);
    const lease = Date.parse(leaseUntil) - beat;
    for (const after of [SUSPECT_AFTER * lease, lease]) {
      // Of a clock that is behind the server's only the length of a lease can be trusted.
      const left = Math.min(beat + after - readAt, lease);
      if (left > 0) next = Math.min(next, left + 100);
    }
  }
  return Math.max(LEAST_LOOK_MS, next);
}

function useLook() {
  useLiveRefresh(workerKeys.all, TOPICS);
  const held = useLiveStatus().state === "paused";
  // From when they were read: reckoned from now, each drawing would put the look off.
  return (workers: readonly Worker[] | undefined, readAt: number) => !held && nextLook(workers ?? [], readAt);
}

/** Workers that hold a lease. */
export function useLiveWorkers() {
  const look = useLook();
  return useQuery({
    queryKey: workerKeys.alive,
    queryFn: async ({ signal }) => {
      const found: Worker[] = [];
      let cursor: string | undefined;
      do {
        const page: Page<Worker> = await get("/workers", { query: { limit: 500, cursor }, signal });
        found.push(...page.items);
        cursor = page.nextCursor ?? undefined;
      } while (cursor && found.length < 5000);
      return found;
    },
    refetchInterval: ({ state }) => look(state.data, state.dataUpdatedAt),
  });
}

/** The newest workers, also those that are gone. */
export function useNewestWorkers() {
  const look = useLook();
  return useQuery({
    queryKey: workerKeys.gone,
    queryFn: async ({ signal }) => (await get<Page<Worker>>("/workers", { query: { gone: true, limit: NEWEST }, signal })).items,
    refetchInterval: ({ state }) => look(state.data, state.dataUpdatedAt),
  });
}

/** One worker, alive or gone. */
export function useWorker(id: string | undefined) {
  const look = useLook();
  return useQuery({
    queryKey: [...workerKeys.all, id],
    queryFn: ({ signal }) => get<Worker>(`/workers/${id}`, { signal }),
    enabled: id !== undefined,
    refetchInterval: ({ state }) => look(state.data && [state.data], state.dataUpdatedAt),
  });
}

/** Spark clusters that jobs can name. */
export function useClusters() {
  return useQuery({
    queryKey: workerKeys.clusters,
    queryFn: ({ signal }) => get<SparkClusterPage>("/clusters", { query: { limit: 200 }, signal }),
    refetchInterval: usePulse(10_000),
  });
}

export const pauseWorker = (id: string, reason?: string) => send<Worker>("POST", `/workers/${id}/pause`, reason ? { reason } : {});
export const resumeWorker = (id: string) => send<Worker>("POST", `/workers/${id}/resume`);
export const drainWorker = (id: string, reason?: string) => send<Worker>("POST", `/workers/${id}/drain`, reason ? { reason } : {});
