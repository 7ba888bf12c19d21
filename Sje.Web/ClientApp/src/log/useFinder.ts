import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, messageOf } from "../api/client";
import type { LogLevelFilter, LogLine, LogPatternText, LogPlace } from "../api/log";
import { readLine } from "./ansi";
import { type FoundSoFar, LogFinder } from "./finder";
import type { Mark } from "./LogRow";
import { CHUNK } from "./store";

/** A running or finished search, and what of it is to be drawn in a line. */
export interface Finding {
  finder: LogFinder | undefined;
  found: FoundSoFar | undefined;
  error: string | undefined;
  /** What to mark in a line; the same array for the same line. */
  marksOf(line: LogLine): readonly Mark[] | undefined;
  /** Says which lines are drawn, so that their matches are known. */
  see(from: number, to: number): void;
}

const NONE: readonly Mark[] = [];
const GROWTH_MS = 1_500;

/** Searches whenever the pattern is another one; what comes live, up to before `endLine`, is searched a little later. */
export function useFinder(
  place: LogPlace,
  level: LogLevelFilter | undefined,
  pattern: LogPatternText,
  endLine: number,
  onFirst: (finder: LogFinder) => void,
): Finding {
  const [finder, setFinder] = useState<LogFinder>();
  const [found, setFound] = useState<FoundSoFar>();
  const [error, setError] = useState<string>();
  const [, setDrawn] = useState(0);
  const marks = useRef({ lines: new WeakMap<LogLine, readonly Mark[]>(), hits: new Map<number, readonly Mark[]>(), chunks: new Set<number>() });
  const latest = useRef(onFirst);
  useEffect(() => {
    latest.current = onFirst;
  });

  const { executionId, task, attempt } = place;
  const { q, regex, ignoreCase } = pattern;
  useEffect(() => {
    marks.current = { lines: new WeakMap(), hits: new Map(), chunks: new Set() };
    setFound(undefined);
    setError(undefined);
    if (q === "") {
      setFinder(undefined);
      return;
    }
    const next = new LogFinder({ executionId, task, attempt }, { q, regex, ignoreCase }, level);
    setFinder(next);
    let isFirst = true;
    next
      .count((soFar) => {
        setFound(soFar);
        if (isFirst && soFar.total > 0) {
          isFirst = false;
          latest.current(next);
        }
      })
      .catch((failure: unknown) => {
        if (failure instanceof DOMException && failure.name === "AbortError") return;
        setError(failure instanceof ApiError ? (failure.problem.errors?.[0]?.detail ?? messageOf(failure)) : messageOf(failure));
      });
    return () => next.stop();
  }, [executionId, task, attempt, level, q, regex, ignoreCase]);

  const hasGrown = finder !== undefined && found?.complete === true && found.endLine < endLine;
  useEffect(() => {
    if (!hasGrown || !finder) return;
    const timer = setTimeout(() => {
      marks.current.chunks.clear();
      finder.countMore(setFound).catch(() => {});
    }, GROWTH_MS);
    return () => clearTimeout(timer);
  }, [hasGrown, finder, found]);

  const marksOf = useCallback(
    (line: LogLine) => {
      if (!finder || q === "") return undefined;
      if (regex) return marks.current.hits.get(line.number);
      let known = marks.current.lines.get(line);
      if (!known) {
        known = occurrences(readLine(line.text).text, q, ignoreCase);
        marks.current.lines.set(line, known);
      }
      return known.length > 0 ? known : undefined;
    },
    [finder, q, regex, ignoreCase],
  );

  // The browser's own expressions backtrack: a bad one would hang the tab. So the server says where they match.
  const see = useCallback(
    (from: number, to: number) => {
      if (!finder || !regex) return;
      for (let chunk = Math.floor((from - 1) / CHUNK); chunk <= Math.floor((to - 1) / CHUNK); chunk++) {
        const { chunks, hits } = marks.current;
        if (chunk < 0 || chunks.has(chunk)) continue;
        chunks.add(chunk);
        finder
          .within(chunk * CHUNK + 1, (chunk + 1) * CHUNK)
          .then((items) => {
            for (const hit of items) if (hit.length > 0) hits.set(hit.number, [{ start: hit.column, end: hit.column + hit.length }]);
            setDrawn((n) => n + 1);
          })
          .catch(() => chunks.delete(chunk));
      }
    },
    [finder, regex],
  );

  return { finder, found, error, marksOf, see };
}

/** Where a text stands in another. */
export function occurrences(text: string, wanted: string, ignoreCase: boolean): readonly Mark[] {
  const [within, part] = ignoreCase ? [text.toLowerCase(), wanted.toLowerCase()] : [text, wanted];
  // A letter may be longer in the other case: then places no longer agree.
  if (within.length !== text.length) return ignoreCase ? occurrences(text, wanted, false) : NONE;
  const found: Mark[] = [];
  for (let at = within.indexOf(part); at >= 0 && found.length < 200; at = within.indexOf(part, at + part.length)) {
    found.push({ start: at, end: at + wanted.length });
  }
  return found.length > 0 ? found : NONE;
}
