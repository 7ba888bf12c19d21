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
