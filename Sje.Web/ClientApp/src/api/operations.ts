import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useLiveRefresh } from "../live";
import { get, pages, rowsOf, send, type Page } from "./client";
import type { OperationView } from "./schema";

export type Operation = OperationView;

export const operationKeys = {
  all: ["operations"] as const,
  recent: ["operations", "recent"] as const,
  list: ["operations", "list"] as const,
};

const TOPICS = ["operations"] as const;
/** How often operations are read again without being told: their progress has no event. */
const lookAgain = (some: boolean, everyMs: number) => (some ? everyMs : 15_000);

const isRunning = (operation: Operation) => operation.state === "running";

/**
 * The newest operations whose kind begins with `prefix`. Read twice a second while one runs, so that its progress is seen; when one ends,
 * `onEnd` is called with it.
 */
export function useOperations(prefix: string, onEnd?: (operation: Operation) => void) {
  const known = useRef(new Set<string>());
  useLiveRefresh(operationKeys.recent, TOPICS);
  const query = useQuery({
    queryKey: operationKeys.recent,
    queryFn: async ({ signal }) => (await get<Page<Operation>>("/operations", { query: { limit: 20 }, signal })).items,
    refetchInterval: ({ state }) => lookAgain(state.data?.some(isRunning) ?? false, 500),
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
export function useOperationList() {
  useLiveRefresh(operationKeys.list, TOPICS);
  const list = useInfiniteQuery({
    queryKey: operationKeys.list,
    ...pages<Operation>("/operations", { limit: 100 }),
    refetchInterval: ({ state }) => lookAgain(state.data?.pages.some((page) => page.items.some(isRunning)) ?? false, 1_000),
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
