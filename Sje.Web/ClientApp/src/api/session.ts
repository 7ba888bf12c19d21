import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { painted } from "../base/painted";
import { queryClient } from "../base/query";
import { stream } from "../live/stream";
import { ApiError, get, onRefusal, send } from "./client";

/** Who uses this browser, as the server knows them. */
export interface Session {
  name: string;
  role: "viewer" | "operator" | "admin";
  tenant: string;
  /** Nobody signed in, and nobody has to. */
  anonymous: boolean;
}

const KEY = ["session"] as const;

/** Who the caller is; undefined until the server has said. */
export function useSession() {
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => {
      await painted;
      return get<Session>("/session", { signal });
    },
    staleTime: 5 * 60_000,
    retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status === 401),
  });
}

let signedOut = false;
const watchers = new Set<() => void>();

function become(out: boolean): void {
  if (signedOut === out) return;
  signedOut = out;
  for (const watcher of watchers) watcher();
}

/** Whether the server wants a key before it goes on. */
export function useSignedOut(): boolean {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => signedOut,
  );
}

onRefusal((error) => {
  if (error.status === 401) become(true);
});

/** Exchanges a key for a cookie that no script can read, and reads again what was refused. */
export async function signIn(key: string): Promise<void> {
  const session = await send<Session>("POST", "/session", { key });
  queryClient.setQueryData(KEY, session);
  become(false);
  stream.again();
  await queryClient.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" });
}

/** Forgets the key and everything that was read with it. */
export async function signOut(): Promise<void> {
  await send("DELETE", "/session");
  location.assign("/login");
}
