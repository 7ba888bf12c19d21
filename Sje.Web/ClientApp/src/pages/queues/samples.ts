import type { Queue } from "../../api/queues";

/** A queue at one moment. */
export interface Sample {
  at: number;
  queued: number;
  running: number;
  rateIn: number;
  rateOut: number;
}

/** What is kept of each queue: five minutes, one every two seconds. */
const KEPT = 150;

/** Adds what was just read to what was read before; queues that are gone are forgotten. */
export function addSamples(before: ReadonlyMap<string, readonly Sample[]>, queues: readonly Queue[], at: number): Map<string, readonly Sample[]> {
  return new Map(
    queues.map((queue) => {
      const { rateIn, rateOut } = ratesOf(queue);
      const sample: Sample = { at, queued: queue.queued, running: queue.running, rateIn, rateOut };
      return [queue.name, [...(before.get(queue.name) ?? []), sample].slice(-KEPT)];
    }),
  );
}

/** Tasks that came and that ended, per second. */
export function ratesOf(queue: Queue): { rateIn: number; rateOut: number } {
  return { rateIn: queue.inPerSecond, rateOut: queue.outPerSecond };
}

/** `0`, `0.3/s`, `12/s`; slow ones by the minute. */
export function rateText(perSecond: number): string {
  if (perSecond === 0) return "0";
  if (perSecond < 0.1) return `${trim(perSecond * 60)}/min`;
  return `${trim(perSecond)}/s`;
}

function trim(value: number): string {
  return value >= 10 ? Math.round(value).toLocaleString("en-US") : String(Math.round(value * 10) / 10);
}
