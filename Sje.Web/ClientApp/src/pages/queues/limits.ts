import type { QueueRequest } from "../../api/schema";
import type { Queue } from "../../api/queues";
import { count, duration } from "../../base/format";

/** What the form of a queue holds: text as it was typed; empty is no limit. */
export interface LimitsForm {
  lane: string;
  maxRunning: string;
  maxQueued: string;
  maxStarts: string;
  perSeconds: string;
}

export type LimitFaults = Partial<Record<keyof LimitsForm | "name", string>>;

const QUEUE_NAME = /^[a-z0-9_-]{1,50}$/;

/** What is wrong with a name for a queue. */
export function nameFault(name: string): string | undefined {
  return QUEUE_NAME.test(name) ? undefined : "A queue has 1 to 50 characters of a-z, 0-9, _ and -.";
}

/** A queue as its form shows it. */
export function formOf(queue: Pick<Queue, "lane" | "maxRunning" | "maxQueued" | "maxStarts" | "perSeconds"> | undefined): LimitsForm {
  const text = (value: number | null | undefined) => (value == null ? "" : String(value));
  return {
    lane: queue?.lane ?? "background",
    maxRunning: text(queue?.maxRunning),
    maxQueued: text(queue?.maxQueued),
    maxStarts: text(queue?.maxStarts),
    perSeconds: queue?.maxStarts == null ? "" : text(queue.perSeconds),
  };
}

/** Reads the form: the request, or what is wrong at which field. The server has the last word. */
export function readForm(form: LimitsForm): { request: QueueRequest; faults?: undefined } | { faults: LimitFaults; request?: undefined } {
  const faults: LimitFaults = {};
  const whole = (field: "maxRunning" | "maxQueued" | "maxStarts", most: number): number | null => {
    const text = form[field].trim().replaceAll(",", "");
    if (text === "") return null;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
    faults[field] = `A whole number from 1 to ${count(most)}; empty for no limit.`;
    return null;
  };
  const request: QueueRequest = {
    lane: form.lane,
    maxRunning: whole("maxRunning", 1_000_000),
    maxQueued: whole("maxQueued", 100_000_000),
    maxStarts: whole("maxStarts", 1_000_000),
    perSeconds: null,
  };
  const per = form.perSeconds.trim();
  if (per !== "") {
    const value = Number(per);
    if (!(value >= 0.1 && value <= 86_400)) faults.perSeconds = "From 0.1 to 86,400 seconds.";
    else if (form.maxStarts.trim() === "") faults.maxStarts = "Say also how many tasks may start in that time.";
    else request.perSeconds = value;
  }
  return Object.keys(faults).length > 0 ? { faults } : { request };
}

/** The limits of a queue in words; empty when it has none. */
export function limitsInWords(queue: Pick<Queue, "maxRunning" | "maxQueued" | "maxStarts" | "perSeconds">): string[] {
  const words: string[] = [];
  if (queue.maxRunning != null) words.push(`${count(queue.maxRunning)} at a time`);
  if (queue.maxStarts != null) words.push(`${count(queue.maxStarts)} ${queue.maxStarts === 1 ? "start" : "starts"} per ${duration((queue.perSeconds ?? 1) * 1000).replace(/\.0 s$/, " s")}`);
  if (queue.maxQueued != null) words.push(`${count(queue.maxQueued)} may wait`);
  return words;
}
