import { useCallback, useState } from "react";
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

/** The fields, kept in this browser from the first change on until they are saved. */
export function useScheduleDraft(key: string, saved: ScheduleDraft) {
  const [draft, setDraft] = useState<ScheduleDraft>(() => read(key) ?? saved);
  const change = useCallback(
    (part: Partial<ScheduleDraft>) =>
      setDraft((before) => {
        const next = { ...before, ...part };
        write(key, next);
        return next;
      }),
    [key],
  );
  const settle = useCallback(
    (next: ScheduleDraft) => {
      write(key, null);
      setDraft(next);
    },
    [key],
  );
  return { draft, change, settle, isChanged: JSON.stringify(draft) !== JSON.stringify(saved) };
}

function read(key: string): ScheduleDraft | null {
  try {
    const kept = JSON.parse(localStorage.getItem(PREFIX + key) ?? "null") as Partial<ScheduleDraft> | null;
    return kept && typeof kept.cron === "string" && typeof kept.timeZone === "string" && typeof kept.job === "string"
      ? {
          name: kept.name ?? "",
          job: kept.job,
          cron: kept.cron,
          timeZone: kept.timeZone,
          values: kept.values ?? {},
          texts: kept.texts ?? {},
          paused: kept.paused ?? false,
        }
      : null;
  } catch {
    return null;
  }
}

function write(key: string, draft: ScheduleDraft | null): void {
  try {
    if (draft) localStorage.setItem(PREFIX + key, JSON.stringify(draft));
    else localStorage.removeItem(PREFIX + key);
  } catch {
    // A browser that keeps nothing: then the fields hold it, as long as the page is there.
  }
}
