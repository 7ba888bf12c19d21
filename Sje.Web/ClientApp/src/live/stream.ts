import { ApiError, errorOf, refused } from "../api/client";
import type { LiveEvent, LiveStatus } from "./live";
import { ServerSentParser } from "./parser";

type Listener = (events: readonly LiveEvent[], how: { caughtUp: boolean }) => void;

// The server says something every 2 s; after this much silence it is gone.
const SILENCE_MS = 4_500;
const LONGEST_PAUSE_MS = 2_000;
const LONGEST_FRAME_MS = 250;

/**
 * The one stream of this tab. It resumes behind the last event it saw, so that nothing is missed; where the server cannot say (no event was
 * seen yet, or the tab was hidden too long) listeners are told to read again.
 */
class Stream {
  private readonly listeners = new Set<Listener>();
  private readonly watchers = new Set<() => void>();
  private now: LiveStatus = { state: "connecting", since: new Date() };
  private last: string | undefined;
  private stop: AbortController | undefined;
  private batch: LiveEvent[] = [];
  private caughtUp = false;
  private flushing: (() => void) | undefined;
  private failures = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private held = false;

  readonly status = (): LiveStatus => this.now;

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Begins; called once, by the shell. */
  start(): void {
    document.addEventListener("visibilitychange", () => this.settle());
    addEventListener("online", () => this.again());
    addEventListener("pagehide", () => this.end());
    addEventListener("pageshow", (event) => {
      if (event.persisted) this.settle();
    });
    this.settle();
  }

  /** Whether a person has stopped it. */
  get isHeld(): boolean {
    return this.held;
  }

  /** Holds the stream or lets it go on, by a person's choice. */
  hold(held: boolean): void {
    this.held = held;
    this.settle();
  }

  /** Tries again at once, for example after a sign-in. */
  again(): void {
    this.failures = 0;
    if (document.hidden || this.held || this.now.state === "live") return;
    this.end();
    void this.run();
  }

  private settle(): void {
    if (document.hidden || this.held) {
      this.end();
      this.become("paused");
    } else if (!this.stop) {
      void this.run();
    }
  }

  private end(): void {
    clearTimeout(this.retry);
    this.stop?.abort();
    this.stop = undefined;
  }

  private become(state: LiveStatus["state"]): void {
    if (this.now.state === state) return;
    this.now = { state, since: new Date() };
    for (const watcher of this.watchers) watcher();
  }

  private async run(): Promise<void> {
    const stop = new AbortController();
    this.stop = stop;
    let silence: ReturnType<typeof setTimeout> | undefined;
    let silent = false;
    const listenFor = (ms: number) => {
      clearTimeout(silence);
      const due = performance.now() + ms;
      silence = setTimeout(() => {
        // A page that was frozen itself has not listened: what came meanwhile is read first.
        if (performance.now() - due > 1_000) return listenFor(1_000);
        silent = true;
        stop.abort();
      }, ms);
    };
    const heard = () => listenFor(SILENCE_MS);

    try {
      heard();
      const response = await fetch("/api/v1/events", {
        headers: { Accept: "text/event-stream", ...(this.last ? { "Last-Event-ID": this.last } : {}) },
        signal: stop.signal,
        cache: "no-store",
      });
      if (!response.ok || !response.body) {
        // A place that the server does not know any more: begin anew, and read everything again.
        if (response.status === 422 || response.status === 400) this.last = undefined;
        throw await errorOf(response);
      }

      this.failures = 0;
      this.become("live");
      // What was read before the stream began may be older than its first event; after a break, what has no events is old too.
      this.caughtUp = true;
      this.flushSoon();

      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new ServerSentParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        heard();
        for (const message of parser.push(value)) {
          this.last = message.id ?? this.last;
          this.batch.push(JSON.parse(message.data) as LiveEvent);
        }
        if (this.batch.length > 0) this.flushSoon();
      }
    } catch (failure) {
      if (failure instanceof ApiError && failure.status === 401 && this.stop === stop) {
        // It goes on after a sign-in.
        refused(failure, "GET");
        this.stop = undefined;
        this.become("paused");
        return;
      }
      // Every other way to lose the stream is the same: it is tried again below.
    } finally {
      clearTimeout(silence);
    }

    // Ended by choice, or another has taken over.
    if (this.stop !== stop) return;
    // A stream that only ended is taken up again before anybody is told.
    if (silent || this.failures > 0) this.become("offline");
    const pause = Math.min(LONGEST_PAUSE_MS, 250 * 2 ** this.failures++);
    this.retry = setTimeout(() => {
      if (this.stop === stop) void this.run();
    }, pause);
  }

  // With the next frame, so that what comes together is drawn once. A window that is not drawn has no frames, but its page goes on.
  private flushSoon(): void {
    if (this.flushing) return;
    const frame = requestAnimationFrame(() => this.flush());
    const timer = setTimeout(() => this.flush(), LONGEST_FRAME_MS);
    this.flushing = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }

  private flush(): void {
    this.flushing?.();
    this.flushing = undefined;
    const [events, how] = [this.batch, { caughtUp: this.caughtUp }];
    this.batch = [];
    this.caughtUp = false;
    for (const listener of this.listeners) listener(events, how);
  }
}

export const stream = new Stream();
