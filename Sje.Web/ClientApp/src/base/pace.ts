import { useEffect, useRef } from "react";

/** Clock and timers, so that a test can stand in for them. */
export interface PaceClock {
  now(): number;
  later(run: () => void, ms: number): () => void;
}

const realClock: PaceClock = {
  now: () => performance.now(),
  later(run, ms) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Does something again as often as it is asked to, but never twice at once, never more often than every `least` ms, and never so often that it
 * takes more than a fifth of the time: what is slow is done less often. What it is asked meanwhile is gathered and done together.
 */
export class Pace<T> {
  private asked = new Set<T>();
  private running = false;
  private next = 0;
  private cancel: (() => void) | undefined;

  constructor(
    private readonly work: (asked: T[]) => Promise<unknown>,
    private readonly least: number,
    private readonly clock: PaceClock = realClock,
  ) {}

  ask(...what: T[]): void {
    for (const one of what) this.asked.add(one);
    if (this.running || this.cancel || this.asked.size === 0) return;
    this.cancel = this.clock.later(() => void this.run(), Math.max(0, this.next - this.clock.now()));
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.asked.clear();
  }

  private async run(): Promise<void> {
    this.cancel = undefined;
    const asked = [...this.asked];
    this.asked.clear();
    this.running = true;
    const began = this.clock.now();
    try {
      await this.work(asked);
    } catch {
      // Whoever shows the data shows its error; the next event tries again.
    } finally {
      this.running = false;
      const took = this.clock.now() - began;
      this.next = began + Math.max(this.least, 5 * took);
      this.ask();
    }
  }
}

/** A pace of a component: it ends with it. `work` may be another function at each drawing. */
export function usePace<T>(work: (asked: T[]) => Promise<unknown>, least: number): (...what: T[]) => void {
  const latest = useRef(work);
  const pace = useRef<Pace<T>>(undefined);
  pace.current ??= new Pace<T>((asked) => latest.current(asked), least);
  useEffect(() => {
    latest.current = work;
  });
  useEffect(() => () => pace.current?.stop(), []);
  return useRef((...what: T[]) => pace.current?.ask(...what)).current;
}
