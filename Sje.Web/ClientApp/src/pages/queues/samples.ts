import type { Queue } from "../../api/queues";

/** A queue at one moment. */
export interface Sample {
  at: number;
  queued: number;
  running: number;
  rateIn: number;
  rateOut: number;
}

/** What is kept of each queue: five minutes, one of every five seconds. */
const KEPT = 60;
const EACH_MS = 5_000;

/** Adds what was just read to what was read before; queues that are gone are forgotten. */
export function addSamples(before: ReadonlyMap<string, readonly Sample[]>, queues: readonly Queue[], at: number): Map<string, readonly Sample[]> {
  return new Map(
    queues.map((queue) => {
      const { rateIn, rateOut } = ratesOf(queue);
      const sample: Sample = { at, queued: queue.queued, running: queue.running, rateIn, rateOut };
      const earlier = before.get(queue.name) ?? [];
      // Under load there are several in that time: the last stands for them, so that the line's steps are of one length.
      const last = earlier.at(-1);
      const replaces = last && Math.floor(last.at / EACH_MS) === Math.floor(at / EACH_MS);
      return [queue.name, [...(replaces ? earlier.slice(0, -1) : earlier), sample].slice(-KEPT)];
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
