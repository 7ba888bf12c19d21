import { useCallback, useEffect, useRef, useState } from "react";
import { drafts } from "../drafts";

export interface DraftState {
  text: string;
  /** The version that the text was begun at. */
  baseVersion: number;
  isChanged: boolean;
  changedAt: string | null;
  /** Sets the text; with a version, as what it now starts from. */
  change(text: string, baseVersion?: number): void;
  /** Back to what is saved. */
  reset(): void;
  /** The text was saved, and reads so now: there is no draft any more. */
  settle(text: string, version: number): void;
}

interface Held {
  text: string;
  baseVersion: number;
  changedAt: string | null;
}

/** A text that is kept in this browser from the first key on until it is saved: leaving loses nothing. */
export function useDraft(key: string, saved: { text: string; version: number }): DraftState {
  const [held, setHeld] = useState<Held>(() => {
    const kept = drafts.read(key);
    return kept && kept.text !== saved.text
      ? { text: kept.text, baseVersion: kept.baseVersion, changedAt: kept.changedAt || null }
      : { text: saved.text, baseVersion: saved.version, changedAt: null };
  });

  // A newer saved version replaces a text in which nothing was changed.
  const seen = useRef(saved);
  useEffect(() => {
    const before = seen.current;
    seen.current = saved;
    if (before.version === saved.version && before.text === saved.text) return;
    setHeld((now) => (now.text === before.text ? { text: saved.text, baseVersion: saved.version, changedAt: null } : now));
  }, [saved]);

  const isChanged = held.text !== saved.text;
  useEffect(() => {
    if (!isChanged) drafts.drop(key);
    else if (held.changedAt) drafts.write(key, { text: held.text, baseVersion: held.baseVersion, changedAt: held.changedAt });
  }, [key, held, isChanged]);

  const change = useCallback((text: string, baseVersion?: number) => {
    setHeld((now) =>
      now.text === text && baseVersion === undefined
        ? now
        : { text, baseVersion: baseVersion ?? now.baseVersion, changedAt: new Date().toISOString() },
    );
  }, []);
  const reset = useCallback(() => {
    setHeld({ text: seen.current.text, baseVersion: seen.current.version, changedAt: null });
  }, []);
  const settle = useCallback(
    (text: string, version: number) => {
      drafts.drop(key);
      setHeld({ text, baseVersion: version, changedAt: null });
    },
    [key],
  );

  return { text: held.text, baseVersion: held.baseVersion, isChanged, changedAt: held.changedAt, change, reset, settle };
}
