import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useLiveRefresh } from "../live";
import { get, pages, rowsOf, send, type Page } from "./client";
import { usePulse } from "./pulse";
import type { DeadLetter, DeadLetterGroup, DeadLetterPage, DeadLettersOfOne, OperationView } from "./schema";

export type Letter = DeadLetter;
export type LetterGroup = DeadLetterGroup;

/** Which dead letters are meant; what is undefined does not narrow. */
export interface LetterFilter {
  job?: string;
  queue?: string;
  class?: string;
  fingerprint?: string;
  since?: string;
  until?: string;
  q?: string;
}

export const letterKeys = {
  all: ["dead-letters"] as const,
  /** Of more than one. */
  shown: ["dead-letters", "shown"] as const,
  groups: (filter: LetterFilter) => ["dead-letters", "shown", "groups", filter] as const,
  list: (filter: LetterFilter) => ["dead-letters", "shown", "list", filter] as const,
  counts: (filter: LetterFilter) => ["dead-letters", "shown", "counts", filter] as const,
  one: (id: string) => ["dead-letters", "one", id] as const,
};

/** Reads dead letters again as they come and go. */
function useLetterChanges() {
  useLiveRefresh(letterKeys.shown, TOPICS);
}

const TOPICS = ["dead_letters"] as const;
/** How often they are read again without being told, should retention have taken some. */
const PULSE_MS = 15_000;

const asQuery = (filter: LetterFilter) => ({ ...filter }) as Record<string, string | undefined>;

/** Dead letters by what they look like, the most frequent first. */
export function useLetterGroups(filter: LetterFilter) {
  useLetterChanges();
  const list = useInfiniteQuery({
    queryKey: letterKeys.groups(filter),
    ...pages<LetterGroup>("/dead-letters/groups", { ...asQuery(filter), limit: 100 }),
    refetchInterval: usePulse(PULSE_MS),
    placeholderData: keepPreviousData,
  });
  return { ...list, rows: rowsOf(list.data) };
}

/** Dead letters, the last to fail first. */
export function useLetters(filter: LetterFilter) {
  useLetterChanges();
  const list = useInfiniteQuery({
    queryKey: letterKeys.list(filter),
    ...pages<Letter, DeadLetterPage>("/dead-letters", { ...asQuery(filter), limit: 100 }),
    refetchInterval: usePulse(PULSE_MS),
    placeholderData: keepPreviousData,
  });
  return { ...list, rows: rowsOf(list.data) };
}

/** How many there are under the filter, by failure class; the class of the filter narrows only the total. */
export function useLetterCounts(filter: LetterFilter) {
  useLetterChanges();
  return useQuery({
    queryKey: letterKeys.counts(filter),
    queryFn: ({ signal }) => readCounts(filter, signal),
    refetchInterval: usePulse(PULSE_MS),
    placeholderData: keepPreviousData,
  });
}

export async function readCounts(filter: LetterFilter, signal?: AbortSignal) {
  const { counts, countsUpTo } = await get<DeadLetterPage>("/dead-letters", { query: { ...asQuery(filter), limit: 1 }, signal });
  const total = Object.entries(counts).reduce((sum, [name, count]) => (filter.class && name !== filter.class ? sum : sum + count), 0);
  return { counts, total, countsUpTo };
}

/** The dead letter of a task: its whole error, the end of its log, its attempts. */
export function useLetter(id: string) {
  return useQuery({ queryKey: letterKeys.one(id), queryFn: ({ signal }) => get<DeadLettersOfOne>(`/dead-letters/${id}`, { signal }) });
}

/** The newest of a group, by whose sample the group is recognised. */
export async function readGroup(fingerprint: string, signal?: AbortSignal): Promise<LetterGroup | undefined> {
  return (await get<Page<LetterGroup>>("/dead-letters/groups", { query: { fingerprint, limit: 1 }, signal })).items[0];
}

/** Begins to run or to dismiss all that match. */
export function changeLetters(verb: "requeue" | "purge", filter: LetterFilter): Promise<OperationView> {
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
  return send<OperationView>("POST", `/dead-letters:${verb}`, Object.keys(given).length > 0 ? given : { all: true });
}

/** Runs or dismisses the dead letter of one task. */
export const changeLetter = (verb: "requeue" | "purge", id: string) => send("POST", `/dead-letters/${id}/${verb}`);
