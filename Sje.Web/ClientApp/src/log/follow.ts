import { errorOf } from "../api/client";
import { followAddress, type LogLine, type LogPlace } from "../api/log";
import { ServerSentParser } from "../live/parser";

const PAUSES_MS = [250, 500, 1_000, 2_000];

/** What a follower hears. */
export interface FollowEvents {
  /** Lines that came since the last animation frame, in order. */
  lines(lines: readonly LogLine[]): void;
  /** No further line will come. */
  ended(): void;
}

/**
 * Follows the log of an attempt from a line on, until `stop`. A lost connection is taken up behind the last line that came, so nothing is lost, and
 * nothing comes twice.
 */
export class LogFollower {
  private readonly controller = new AbortController();
  private waiting: LogLine[] = [];
  private frame: ReturnType<typeof setTimeout> | undefined;
  private over = false;

  constructor(
    private readonly place: LogPlace,
    private next: number,
    private readonly events: FollowEvents,
  ) {
    void this.run();
  }

  stop(): void {
    this.controller.abort();
    clearTimeout(this.frame);
  }

  private async run(): Promise<void> {
    const { signal } = this.controller;
    for (let failures = 0; !signal.aborted && !this.over; failures++) {
      const before = this.next;
      try {
        await this.readOnce();
      } catch (failure) {
        if (signal.aborted) return;
        // What is gone does not come back; everything else may.
        if (failure instanceof Error && "status" in failure && failure.status === 404) return;
      }
      if (this.over || signal.aborted) break;
      if (this.next > before) failures = 0;
      await new Promise((resolve) => setTimeout(resolve, PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)]));
    }
  }

  private async readOnce(): Promise<void> {
    const response = await fetch(followAddress(this.place, this.next), {
      headers: { Accept: "text/event-stream" },
      credentials: "same-origin",
      cache: "no-store",
      signal: this.controller.signal,
    });
    if (!response.ok || !response.body) throw await errorOf(response);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new ServerSentParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const message of parser.push(value)) {
        if (message.event === "line") {
          const line = JSON.parse(message.data) as LogLine;
          this.next = line.number + 1;
          this.waiting.push(line);
        } else if (message.event === "end") {
          this.over = true;
        }
      }
      this.tellSoon();
    }
  }

  // A timer, not an animation frame: those stop in a hidden tab, and lines would gather without end.
  private tellSoon(): void {
    this.frame ??= setTimeout(() => {
      this.frame = undefined;
      const lines = this.waiting;
      this.waiting = [];
      if (lines.length > 0) this.events.lines(lines);
      if (this.over) this.events.ended();
    }, 30);
  }
}
