import { useQuery } from "@tanstack/react-query";
import { ApiError, get, send, type Page } from "./client";
import { usePulse } from "./pulse";
import type { ApiKeyInfo, HealthReport, KeyCreated, MgmtConfig, MgmtCore, MgmtRetention, MgmtRetryPolicies, Role } from "./schema";

export type Key = ApiKeyInfo;

export const settingKeys = {
  keys: ["settings", "keys"] as const,
  retries: ["settings", "retries"] as const,
  retention: ["settings", "retention"] as const,
  configuration: ["settings", "configuration"] as const,
  core: ["settings", "core"] as const,
  health: ["settings", "health"] as const,
};

export function useApiKeys() {
  return useQuery({ queryKey: settingKeys.keys, queryFn: async ({ signal }) => (await get<Page<Key>>("/mgmt/keys", { signal })).items, refetchInterval: usePulse(15_000) });
}

export function useRetryPolicies() {
  return useQuery({ queryKey: settingKeys.retries, queryFn: ({ signal }) => get<MgmtRetryPolicies>("/mgmt/retry-policies", { signal }) });
}

export function useRetention() {
  return useQuery({ queryKey: settingKeys.retention, queryFn: ({ signal }) => get<MgmtRetention>("/mgmt/retention", { signal }), refetchInterval: usePulse(3000) });
}

export function useConfiguration() {
  return useQuery({ queryKey: settingKeys.configuration, queryFn: ({ signal }) => get<MgmtConfig>("/mgmt/config", { signal }) });
}

export function useCore(enabled: boolean) {
  return useQuery({ queryKey: settingKeys.core, queryFn: ({ signal }) => get<MgmtCore>("/mgmt/core", { signal }), refetchInterval: usePulse(2000), enabled });
}

/** The checks of the server. What is down comes as a problem with the checks in it, which is an answer too. */
export function useHealth() {
  return useQuery({ queryKey: settingKeys.health, queryFn: ({ signal }) => readHealth(signal), refetchInterval: usePulse(5000) });
}

async function readHealth(signal: AbortSignal): Promise<HealthReport> {
  try {
    return await get<HealthReport>("/health", { signal });
  } catch (failure) {
    if (failure instanceof ApiError && "checks" in failure.problem) {
      const { checks } = failure.problem as unknown as { checks: HealthReport["checks"] };
      return { status: "down", version: "", checks };
    }
    throw failure;
  }
}

export const createKey = (name: string, role: Role, tenant: string) => send<KeyCreated>("POST", "/mgmt/keys", { name, role, tenant });
export const revokeKey = (id: string) => send("DELETE", `/mgmt/keys/${id}`);
export const runRetention = () => send<MgmtRetention>("POST", "/mgmt/retention:run");
