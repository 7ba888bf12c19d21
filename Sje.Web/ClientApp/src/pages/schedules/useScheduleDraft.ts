import { useCallback, useEffect, useState } from "react";
import type { Schedule } from "../../api/schedules";
import { readForm, textOf, without, type Declaration, type FieldTexts, type FormResult } from "../job/parameters";

/** A schedule while it is edited: what stands in the fields. */
export interface ScheduleDraft {
  name: string;
  job: string;
  cron: string;
  timeZone: string;
  /** Values of parameters as they are saved. */
  values: Record<string, unknown>;
  /** Those that were typed, as text; they count before `values`. */
  texts: FieldTexts;
  paused: boolean;
}

const PREFIX = "sje.draft.schedule.";

/** What a schedule says, as fields show it. */
export function draftOf(schedule: Schedule): ScheduleDraft {
  return {
    name: schedule.name,
    job: schedule.job,
    cron: schedule.cron,
    timeZone: schedule.timeZone,
    values: schedule.parameters,
    texts: {},
    paused: Boolean(schedule.pausedAt),
  };
}

/** What the fields of the parameters show. */
export function shownTexts(draft: ScheduleDraft, declared: readonly Declaration[]): FieldTexts {
  const kept = declared.filter(({ name }) => name in draft.values).map(({ name, type }) => [name, textOf(type, draft.values[name])] as const);
  return { ...Object.fromEntries(kept), ...draft.texts };
}

/** Reads the fields of the parameters; what nobody touched stays as it is saved. */
export function readParameters(draft: ScheduleDraft, declared: readonly Declaration[]): FormResult {
  const typed = declared.filter(({ name }) => name in draft.texts || !(name in draft.values));
  const read = readForm(typed, draft.texts);
  const { values, texts } = draft;
  return { errors: read.errors, values: { ...Object.fromEntries(Object.entries(values).filter(([name]) => !(name in texts))), ...read.values } };
}

/** Sets a parameter, or leaves it to the job's default. */
export function withParameter(draft: ScheduleDraft, name: string, text: string | undefined): Partial<ScheduleDraft> {
  return text === undefined
    ? { texts: without(draft.texts, name), values: without(draft.values, name) }
    : { texts: { ...draft.texts, [name]: text } };
}

/** Saved values of parameters that the job does not declare any more. */
export function undeclaredIn(draft: ScheduleDraft, declared: readonly Declaration[]): string[] {
  return Object.keys(draft.values).filter((name) => !declared.some((one) => one.name === name));
}

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
    const { draft, baseVersion } = (JSON.parse(localStorage.getItem(PREFIX + key) ?? "null") ?? {}) as { draft?: Partial<ScheduleDraft>; baseVersion?: number };
    return draft && typeof baseVersion === "number" && typeof draft.cron === "string" && typeof draft.timeZone === "string" && typeof draft.job === "string"
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
