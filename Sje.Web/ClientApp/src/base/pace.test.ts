import { describe, expect, it } from "vitest";
import { Pace, type PaceClock } from "./pace";

class TestClock implements PaceClock {
  private time = 0;
  private timers: { at: number; run: () => void }[] = [];

  now = () => this.time;

  later(run: () => void, ms: number) {
    const timer = { at: this.time + ms, run };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((one) => one !== timer));
  }

  async advance(ms: number) {
    const until = this.time + ms;
    for (;;) {
      const due = this.timers.filter((one) => one.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.timers = this.timers.filter((one) => one !== due);
      this.time = Math.max(this.time, due.at);
      due.run();
      await settle();
    }
    this.time = until;
    await settle();
  }
}

const settle = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

describe("a pace", () => {
  it("does what is asked at once, and what comes soon after together", async () => {
    const clock = new TestClock();
    const done: string[][] = [];
    const pace = new Pace<string>(async (asked) => void done.push(asked), 500, clock);
    pace.ask("a");
    await clock.advance(0);
    pace.ask("b");
    pace.ask("c", "b");
    await clock.advance(400);
    expect(done).toEqual([["a"]]);
    await clock.advance(100);
    expect(done).toEqual([["a"], ["b", "c"]]);
  });

  it("never does it twice at once, and slows down with the work", async () => {
    const clock = new TestClock();
    let running = 0;
    let most = 0;
    let rounds = 0;
    const pace = new Pace<string>(
      async () => {
        rounds++;
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => clock.later(resolve, 300));
        running--;
      },
      100,
      clock,
    );
    for (let i = 0; i < 100; i++) {
      pace.ask("x");
      await clock.advance(60);
    }
    expect(most).toBe(1);
    // 6 s at 300 ms a round, of which a fifth may be work.
    expect(rounds).toBeLessThanOrEqual(5);
    expect(rounds).toBeGreaterThanOrEqual(4);
  });

  it("goes on after a failure", async () => {
    const clock = new TestClock();
    let calls = 0;
    const pace = new Pace<string>(
      async () => {
        calls++;
        throw new Error("no answer");
      },
      100,
      clock,
    );
    pace.ask("a");
    await clock.advance(200);
    pace.ask("a");
    await clock.advance(200);
    expect(calls).toBe(2);
  });

  it("does nothing more once it is stopped", async () => {
    const clock = new TestClock();
    let calls = 0;
    const pace = new Pace<string>(async () => void calls++, 100, clock);
    pace.ask("a");
    pace.stop();
    await clock.advance(1000);
    expect(calls).toBe(0);
  });
});
