import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { get, pages, rowsOf, send, type Page } from "./client";
import { usePulse } from "./pulse";
import type { CircuitBreakerStatus, ConcurrencyKeyStatus, ExecutionItem, QueueRequest, QueueStatus, TenantStatus } from "./schema";

export type Queue = QueueStatus;
export type ConcurrencyKey = ConcurrencyKeyStatus;
export type Tenant = TenantStatus;
export type CircuitBreaker = CircuitBreakerStatus;

/** How often figures that have no event are read again, while the tab is seen. */
const PULSE_MS = 2000;

export const queueKeys = {
  all: ["queues"] as const,
  waiting: (name: string) => ["queues", "waiting", name] as const,
  concurrency: ["concurrency-keys"] as const,
  tenants: ["tenants"] as const,
  breakers: ["circuit-breakers"] as const,
};

/** A list that is read page by page, and again every few seconds. */
function useList<T>(key: readonly unknown[], path: string, enabled: boolean, everyMs = PULSE_MS) {
  const list = useInfiniteQuery({ queryKey: key, ...pages<T>(path, { limit: 200 }), refetchInterval: usePulse(everyMs), enabled });
  return { ...list, rows: rowsOf(list.data) };
}

export function useQueues(enabled = true) {
  return useList<Queue>(queueKeys.all, "/queues", enabled);
}

export function useConcurrencyKeys(enabled = true) {
  return useList<ConcurrencyKey>(queueKeys.concurrency, "/concurrency-keys", enabled);
}

export function useTenants(enabled = true) {
  return useList<Tenant>(queueKeys.tenants, "/tenants", enabled);
}

export function useCircuitBreakers(enabled = true) {
  return useList<CircuitBreaker>(queueKeys.breakers, "/circuit-breakers", enabled);
}

/** The executions that wait in a queue and have waited longest, with the reason of each. */
export function useWaiting(queue: string) {
  return useQuery({
    queryKey: queueKeys.waiting(queue),
    queryFn: ({ signal }) => get<Page<ExecutionItem>>("/executions", { query: { queue, state: "queued", limit: WAITING_SHOWN }, signal }),
    refetchInterval: usePulse(5000),
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
