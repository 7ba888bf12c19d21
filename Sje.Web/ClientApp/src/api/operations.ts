import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { get, pages, rowsOf, send, type Page } from "./client";
import type { OperationView } from "./schema";

export type Operation = OperationView;

export const operationKeys = {
  all: ["operations"] as const,
  recent: ["operations", "recent"] as const,
  list: ["operations", "list"] as const,
};

const isRunning = (operation: Operation) => operation.state === "running";

/**
 * The newest operations whose kind begins with `prefix`. Read twice a second while one runs, so that its progress is seen; when one ends,
 * `onEnd` is called with it.
 */
export function useOperations(prefix: string, onEnd?: (operation: Operation) => void) {
  const known = useRef(new Set<string>());
  const query = useQuery({
    queryKey: operationKeys.recent,
    queryFn: async ({ signal }) => (await get<Page<Operation>>("/operations", { query: { limit: 20 }, signal })).items,
    refetchInterval: ({ state }) => (state.data?.some(isRunning) ? 500 : 5000),
  });
  const mine = query.data?.filter((operation) => operation.kind.startsWith(prefix));
  useEffect(() => {
    for (const operation of mine ?? []) {
      if (isRunning(operation)) known.current.add(operation.id);
      else if (known.current.delete(operation.id)) onEnd?.(operation);
    }
  });
  return { ...query, operations: mine };
}

/** All operations, newest first. */
export function useOperationList(enabled = true) {
  const list = useInfiniteQuery({
    queryKey: operationKeys.list,
    ...pages<Operation>("/operations", { limit: 100 }),
    refetchInterval: ({ state }) => (state.data?.pages.some((page) => page.items.some(isRunning)) ? 1000 : 5000),
    enabled,
  });
  return { ...list, rows: rowsOf(list.data) };
}

/** Puts an operation that has just begun into what is shown, before the next read. */
export function useBegun(): (operation: Operation) => void {
  const client = useQueryClient();
  return (operation) => {
    client.setQueryData<Operation[]>(operationKeys.recent, (before) => [operation, ...(before ?? []).filter((one) => one.id !== operation.id)]);
    void client.invalidateQueries({ queryKey: operationKeys.all });
  };
}

export const cancelOperation = (id: string) => send<Operation>("POST", `/operations/${id}/cancel`);
