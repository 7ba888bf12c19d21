import type { LetterFilter } from "../../api/deadLetters";
import type { UrlParameters } from "../../base/url";

/** The stretches of time that the page offers, in hours. */
export const RANGES = [
  { value: "", label: "Any time", hours: 0 },
  { value: "1h", label: "Last hour", hours: 1 },
  { value: "24h", label: "Last 24 hours", hours: 24 },
  { value: "7d", label: "Last 7 days", hours: 7 * 24 },
  { value: "30d", label: "Last 30 days", hours: 30 * 24 },
] as const;

/**
 * The filter that an address stands for. A range begins at a whole minute, so that the same question keeps its answer for that long.
 */
export function filterOf(url: UrlParameters, now: Date): LetterFilter {
  const hours = RANGES.find((range) => range.value === (url.range ?? ""))?.hours ?? 0;
  const minute = Math.floor(now.getTime() / 60_000) * 60_000;
  return clean({
    job: url.job,
    queue: url.queue,
    class: url.class,
    fingerprint: url.error,
    since: hours > 0 ? new Date(minute - hours * 3_600_000).toISOString() : url.since,
    until: url.until,
    q: url.q?.trim(),
  });
}

function clean(filter: LetterFilter): LetterFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value)) as LetterFilter;
}

/** Whether anything narrows the list. */
export function isNarrowed(filter: LetterFilter): boolean {
  return Object.keys(filter).length > 0;
}

/** Forgets every filter of an address. */
export const NO_FILTER: UrlParameters = { job: undefined, queue: undefined, class: undefined, error: undefined, range: undefined, since: undefined, until: undefined, q: undefined };

/** `1 dead letter`, `5,000 dead letters`, `100,000+ dead letters`. */
export function lettersInWords(count: number, upTo = Number.POSITIVE_INFINITY): string {
  if (count >= upTo) return `${upTo.toLocaleString("en-US")}+ dead letters`;
  return `${count.toLocaleString("en-US")} dead ${count === 1 ? "letter" : "letters"}`;
}

/** What the filter means, in words, for the question before something is done. */
export function filterInWords(filter: LetterFilter): string[] {
  return [
    filter.job && `of the job “${filter.job}”`,
    filter.queue && `of the queue “${filter.queue}”`,
    filter.class && `of the failure class ${filter.class}`,
    filter.since && `that failed after ${filter.since.slice(0, 16).replace("T", " ")} UTC`,
    filter.until && `that failed before ${filter.until.slice(0, 16).replace("T", " ")} UTC`,
    filter.q && `with “${filter.q}” in the job's name, the label or the message`,
  ].filter((part): part is string => Boolean(part));
}
