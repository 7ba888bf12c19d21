import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useLiveRefresh, type LiveTopic } from "../live";
import { get, pages, rowsOf, send, type Page } from "./client";
import { usePulse } from "./pulse";
import type { CircuitBreakerStatus, ConcurrencyKeyStatus, ExecutionItem, QueueRequest, QueueStatus, TenantStatus } from "./schema";

export type Queue = QueueStatus;
export type ConcurrencyKey = ConcurrencyKeyStatus;
export type Tenant = TenantStatus;
export type CircuitBreaker = CircuitBreakerStatus;

/** What changes the figures of a queue: itself, its tasks, who serves it. */
const TOPICS: readonly LiveTopic[] = ["queues", "workers", "tasks", "executions"];

/** How often what has no event is read again while the tab is seen: rates that fall, the oldest that grows older, limits. */
const PULSE_MS = 5_000;

export const queueKeys = {
  all: ["queues"] as const,
  waiting: (name: string) => ["waiting", name] as const,
  concurrency: ["concurrency-keys"] as const,
  tenants: ["tenants"] as const,
  breakers: ["circuit-breakers"] as const,
};

/** A list that is read page by page, and again as tasks come and go. */
function useList<T>(key: readonly unknown[], path: string) {
  useLiveRefresh(key, TOPICS);
  const list = useInfiniteQuery({ queryKey: key, ...pages<T>(path, { limit: 200 }), refetchInterval: usePulse(PULSE_MS) });
  return { ...list, rows: rowsOf(list.data) };
}

export function useQueues() {
  return useList<Queue>(queueKeys.all, "/queues");
}

export function useConcurrencyKeys() {
  return useList<ConcurrencyKey>(queueKeys.concurrency, "/concurrency-keys");
}

export function useTenants() {
  return useList<Tenant>(queueKeys.tenants, "/tenants");
}

export function useCircuitBreakers() {
  return useList<CircuitBreaker>(queueKeys.breakers, "/circuit-breakers");
}

/** The executions that wait in a queue and have waited longest, with the reason of each. */
export function useWaiting(queue: string) {
  useLiveRefresh(queueKeys.waiting(queue), TOPICS, 3_000);
  return useQuery({
    queryKey: queueKeys.waiting(queue),
    queryFn: ({ signal }) => get<Page<ExecutionItem>>("/executions", { query: { queue, state: "queued", limit: WAITING_SHOWN }, signal }),
    refetchInterval: usePulse(PULSE_MS),
  });
}

/** How many waiting executions are asked for their reason. */
export const WAITING_SHOWN = 200;

const at = (root: string, name: string) => `/${root}/${encodeURIComponent(name)}`;

export const pauseQueue = (name: string, reason?: string) => send<Queue>("POST", `${at("queues", name)}/pause`, reason ? { reason } : {});
export const resumeQueue = (name: string) => send<Queue>("POST", `${at("queues", name)}/resume`);
export const saveQueue = (name: string, request: QueueRequest) => send<Queue>("PUT", at("queues", name), request);
export const saveConcurrencyKey = (name: string, limit: number) => send<ConcurrencyKey>("PUT", at("concurrency-keys", name), { limit });
export const forgetConcurrencyKey = (name: string) => send("DELETE", at("concurrency-keys", name));
export const saveTenant = (name: string, weight: number) => send<Tenant>("PUT", at("tenants", name), { weight });
export const resetBreaker = (target: string) => send<CircuitBreaker>("POST", `${at("circuit-breakers", target)}/reset`);
