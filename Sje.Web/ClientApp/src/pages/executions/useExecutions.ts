import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { get, type QueryValue, rowsOf } from "../../api/client";
import {
  type ExecutionItem,
  executionKeys,
  type ExecutionPage,
  patchExecutions,
  readExecutions,
  useExecutionCounts,
  useExecutionList,
} from "../../api/executions";
import { usePace } from "../../base/pace";
import { readAgain, useLive } from "../../live";
import { isFinal } from "./columns";

/** How many rows a page of the list has. */
const pageSize = 100;
/** How many rows are read anew in one call. */
const patchSize = 200;
/** Up to how many new ones are counted. */
const mostFresh = 1_000;
/** Of how many executions the last version that was told of is remembered. */
const heardOf = 2_000;

/**
 * The list and its counts, kept true by events: rows that are shown are patched where they stand. New ones come in at the top only while
 * <c>calm</c> says that nobody reads there; else their number is told, so that nothing moves under the cursor.
 */
export function useExecutions(filter: Record<string, QueryValue>, sort: string, cursor: string | undefined, calm: () => boolean) {
  const client = useQueryClient();
  const query = useMemo(() => ({ ...filter, sort, limit: pageSize, typical: true }), [filter, sort]);
  const list = useExecutionList(query, cursor);
  const rows = useMemo(() => rowsOf(list.data), [list.data]);
  const withoutState = useMemo(() => ({ ...filter, state: undefined }), [filter]);
  // The first page brings its counts; they are asked for by themselves only once something has changed.
  const [changed, setChanged] = useState(false);
  const counted = useExecutionCounts(withoutState, changed);
  const counts = (changed ? counted.data : undefined) ?? list.data?.pages[0];

  const shown = useRef(new Map<string, ExecutionItem>());
  // What events said of late, for rows that were on their way meanwhile and are older.
  const heard = useRef(new Map<string, number>());
  const missed = useRef(false);

  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => setFresh(new Set()), [query]);

  const patch = usePace<string>(async (ids) => {
    for (let at = 0; at < ids.length; at += patchSize) {
      patchExecutions(client, await readExecutions(ids.slice(at, at + patchSize)));
    }
  }, 700);
  const recount = usePace<"counts">(async () => {
    setChanged(true);
    await readAgain(client, executionKeys.counts(withoutState));
  }, 900);

  const insert = usePace<"new">(async () => {
    const newest = await get<ExecutionPage>("/executions", { query });
    const known = shown.current;
    const added = newest.items.filter((row) => !known.has(row.id));
    if (!calm()) {
      // Somebody has begun to read meanwhile.
      setFresh((before) => new Set([...before, ...added.map((row) => row.id)].slice(-mostFresh)));
      return;
    }
    if (added.length > 0 && added.length === newest.items.length && known.size > 0) {
      // More came than a page holds: between these and those that are shown others are missing.
      await client.resetQueries({ queryKey: executionKeys.list(query) });
    } else {
      client.setQueryData<InfiniteData<ExecutionPage>>([...executionKeys.list(query), cursor ?? ""], (before) =>
        withNew(before, added),
      );
    }
    setFresh(new Set());
  }, 1_000);
  const newestFirst = sort === "-accepted" && cursor === undefined;
  // What happened meanwhile is unknown: every row that can still change is read again.
  const catchUp = () => {
    if (newestFirst && calm()) insert("new");
    patch(...[...shown.current.values()].filter((row) => !isFinal(row)).map((row) => row.id));
  };
  const catchUpLater = useRef(catchUp);
  useEffect(() => {
    catchUpLater.current = catchUp;
  });
  useEffect(() => {
    shown.current = new Map(rows?.map((row) => [row.id, row]));
    if (!rows) return;
    const old = rows.filter((row) => (heard.current.get(row.id) ?? 0) > row.version).map((row) => row.id);
    patch(...old);
    if (missed.current) catchUpLater.current();
    missed.current = false;
  }, [rows, patch]);

  useLive(["executions", "tasks"], (events, { caughtUp }) => {
    recount("counts");
    if (caughtUp && rows) catchUp();
    else if (caughtUp) missed.current = true;
    const touched = new Set<string>();
    // Ids rise with time.
    let newestId = "";
    for (const id of shown.current.keys()) if (id > newestId) newestId = id;
    const unseen = new Set<string>();
    for (const event of events) {
      const row = shown.current.get(event.executionId);
      if (event.version != null) {
        heard.current.delete(event.executionId);
        heard.current.set(event.executionId, event.version);
      }
      if (row) {
        if (event.version == null || event.version > row.version) touched.add(event.executionId);
      } else if (event.executionId > newestId) {
        unseen.add(event.executionId);
      }
    }
    for (const id of heard.current.keys()) {
      if (heard.current.size <= heardOf) break;
      heard.current.delete(id);
    }
    if (touched.size > 0) patch(...touched);
    if (unseen.size > 0) {
      if (newestFirst && calm()) insert("new");
      else setFresh((before) => new Set([...before, ...unseen].slice(-mostFresh)));
    }
  });

  const { fetchNextPage, isFetchingNextPage } = list;
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, isFetchingNextPage]);

  return {
    list,
    rows,
    counts,
    more,
    /** How many executions have come since the list was read. */
    fresh: fresh.size,
    async showFresh() {
      setFresh(new Set());
      await client.resetQueries({ queryKey: executionKeys.list(query) });
    },
  };
}

/** The list with some rows before all others. */
function withNew(list: InfiniteData<ExecutionPage> | undefined, added: readonly ExecutionItem[]): typeof list {
  const [first, ...rest] = list?.pages ?? [];
  if (!list || !first) return list;
  const known = new Set(list.pages.flatMap((page) => page.items.map((row) => row.id)));
  const items = [...added.filter((row) => !known.has(row.id)), ...first.items];
  return { ...list, pages: [{ ...first, items }, ...rest] };
}
