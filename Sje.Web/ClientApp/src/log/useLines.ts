import { type RefObject, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { LogLevelFilter, LogLine, LogPlace, LogSummary } from "../api/log";
import { LogFollower } from "./follow";
import { countOf } from "./lines";
import { LogStore } from "./store";

interface Lines {
  /** The lines of this level; undefined before the first drawing. */
  store: LogStore | undefined;
  /** What is so by now, for whoever has waited. */
  latest: RefObject<{ store: LogStore | undefined; lines: number }>;
  /** Rises with every line that comes into the store. */
  version: number;
  /** How many lines of this level there are. */
  total: number;
  /** How many there are of all levels. */
  lines: number;
}

/** The lines of an attempt at one level, also as they come live; `onEnded` is called when the last one has. */
export function useLines({ executionId, task, attempt }: LogPlace & { task: string; attempt: number }, summary: LogSummary, level: LogLevelFilter | undefined, onEnded: () => void): Lines {
  const [store, setStore] = useState<LogStore>();
  const [lines, setLines] = useState(summary.lines);
  const latest = useRef({ store, lines });
  const firstLine = summary.firstLine;

  // The lines: a store of its own for each level.
  useEffect(() => {
    const here = { executionId, task, attempt };
    const next = new LogStore(here, level, firstLine, level ? countOf(summary, level) : latest.current.lines);
    latest.current.store = next;
    setStore(next);
    if (level && !summary.ended) void next.grow();
    return () => next.close();
    // The summary is only where it starts from: the store learns the rest by itself.
  }, [executionId, task, attempt, firstLine, level]);
  const version = useSyncExternalStore(store?.subscribe ?? subscribeToNothing, store?.version ?? zero);

  // What comes live.
  const live = useRef({ onEnded });
  useEffect(() => {
    live.current = { onEnded };
  });
  useEffect(() => {
    if (summary.ended) return;
    const follower = new LogFollower({ executionId, task, attempt }, firstLine + latest.current.lines, {
      lines(came) {
        const last = came.at(-1) as LogLine;
        latest.current.lines = Math.max(latest.current.lines, last.number - firstLine + 1);
        setLines(latest.current.lines);
        latest.current.store?.append(came);
      },
      ended() {
        // It still follows: the last lines come with the end, and after a retry the next attempt may.
        live.current.onEnded();
      },
    });
    return () => follower.stop();
    // Whether it had ended when it was opened: from then on the follower knows.
  }, [executionId, task, attempt, firstLine]);
  useEffect(() => {
    if (summary.lines > latest.current.lines) {
      latest.current.lines = summary.lines;
      setLines(summary.lines);
      void latest.current.store?.grow();
    }
  }, [summary.lines]);
  return { store, latest, version, total: store?.count ?? 0, lines };
}

const subscribeToNothing = () => () => {};
const zero = () => 0;
