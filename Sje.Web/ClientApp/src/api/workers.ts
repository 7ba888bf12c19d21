import { useQuery } from "@tanstack/react-query";
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

/** Workers that hold a lease. Read every second: whether one is there is what the page is about. */
export function useLiveWorkers() {
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
    refetchInterval: usePulse(1000),
  });
}

/** The newest workers, also those that are gone. */
export function useNewestWorkers() {
  return useQuery({
    queryKey: workerKeys.gone,
    queryFn: async ({ signal }) => (await get<Page<Worker>>("/workers", { query: { gone: true, limit: NEWEST }, signal })).items,
    refetchInterval: usePulse(1000),
  });
}

/** One worker, alive or gone. */
export function useWorker(id: string | undefined) {
  return useQuery({
    queryKey: [...workerKeys.all, id],
    queryFn: ({ signal }) => get<Worker>(`/workers/${id}`, { signal }),
    enabled: id !== undefined,
    refetchInterval: usePulse(1000),
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
