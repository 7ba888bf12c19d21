import { useCallback, useEffect, useState } from "react";
import type { ScheduleDraft } from "./scheduleDraft";

const PREFIX = "sje.draft.schedule.";

interface Held {
  draft: ScheduleDraft;
  /** The version that the fields were filled from; 0 is a new schedule. */
  baseVersion: number;
}

/** The fields, kept in this browser from the first change on until they are saved. */
export function useScheduleDraft(key: string, saved: ScheduleDraft, version: number) {
  const [held, setHeld] = useState<Held>(() => read(key) ?? { draft: saved, baseVersion: version });
  const savedText = JSON.stringify(saved);

  // A newer saved version replaces fields in which nothing was changed.
  const [seen, setSeen] = useState(savedText);
  if (seen !== savedText) {
    setSeen(savedText);
    if (JSON.stringify(held.draft) === seen) setHeld({ draft: saved, baseVersion: version });
  }

  const isChanged = JSON.stringify(held.draft) !== savedText;
  useEffect(() => write(key, isChanged ? held : null), [key, held, isChanged]);

  const change = useCallback((part: Partial<ScheduleDraft>) => setHeld((before) => ({ ...before, draft: { ...before.draft, ...part } })), []);
  const settle = useCallback((draft: ScheduleDraft, baseVersion: number) => setHeld({ draft, baseVersion }), []);
  return { draft: held.draft, baseVersion: held.baseVersion, change, settle, isChanged };
}

function read(key: string): Held | null {
  try {
    const { draft, baseVersion } = (JSON.parse(localStorage.getItem(PREFIX + key) ?? "null") ?? {}) as {
      draft?: Partial<ScheduleDraft>;
      baseVersion?: number;
    };
    return draft &&
      typeof baseVersion === "number" &&
      typeof draft.cron === "string" &&
      typeof draft.timeZone === "string" &&
      typeof draft.job === "string"
      ? {
          draft: {
            name: draft.name ?? "",
            job: draft.job,
            cron: draft.cron,
            timeZone: draft.timeZone,
            values: draft.values ?? {},
            texts: draft.texts ?? {},
            paused: draft.paused ?? false,
          },
          baseVersion,
        }
      : null;
  } catch {
    return null;
  }
}

function write(key: string, held: Held | null): void {
  try {
    if (held) localStorage.setItem(PREFIX + key, JSON.stringify(held));
    else localStorage.removeItem(PREFIX + key);
  } catch {
    // A browser that keeps nothing: then the fields hold it, as long as the page is there.
  }
}
