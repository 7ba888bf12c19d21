import { hashKey, useQueryClient, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { Pace } from "../base/pace";
import { useLive, type LiveTopic } from "./live";

/**
 * Reads again what is shown under a key, and returns when it is there. What is on its way may be older than what is known to have changed: it is
 * begun anew. Only a query's first answer cannot be called off, and another follows it.
 */
export async function readAgain(client: QueryClient, queryKey: QueryKey): Promise<void> {
  const first = client
    .getQueryCache()
    .findAll({ queryKey, type: "active", fetchStatus: "fetching" })
    .filter((query) => query.state.data === undefined);
  await Promise.allSettled(first.map((query) => query.promise));
  await client.invalidateQueries({ queryKey });
}

// One of each key: many may show the same.
const paces = new WeakMap<QueryClient, Map<string, Pace<"again">>>();

function paceOf(client: QueryClient, queryKey: QueryKey, least: number): Pace<"again"> {
  let mine = paces.get(client);
  if (!mine) paces.set(client, (mine = new Map()));
  const name = `${hashKey(queryKey)} ${least}`;
  let pace = mine.get(name);
  if (!pace) mine.set(name, (pace = new Pace(() => readAgain(client, queryKey), least)));
  return pace;
}

/**
 * Reads these queries again when something of these topics changed: at once, then at most once every `least` ms, and less often where the answers
 * are slow. Where several components do so for one key it is done once.
 */
export function useLiveRefresh(queryKey: QueryKey, topics: readonly LiveTopic[], least = 1_000): void {
  const client = useQueryClient();
  useLive(topics, () => paceOf(client, queryKey, least).ask("again"));
}
