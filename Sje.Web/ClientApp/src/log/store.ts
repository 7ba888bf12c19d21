import { messageOf } from "../api/client";
import { type LogLevelFilter, type LogLine, type LogPage, type LogPlace, readLines } from "../api/log";
import { LastUsed } from "./lru";

export const CHUNK = 1_000;
const MOST_CHUNKS = 50;

/** What the store needs of the server; tests give their own. */
export type LinesReader = (
  place: LogPlace,
  range: { from?: number; count: number; level?: LogLevelFilter | undefined; line?: number },
  signal?: AbortSignal,
) => Promise<LogPage>;

/**
 * The lines of one attempt's log, or those of a level, by index from 0. A thousand are read at a time; the last fifty thousand that were looked at
 * are kept. Lines that come live are put behind the others; what is known already is not put there again.
 */
export class LogStore {
  private readonly chunks = new LastUsed<number, (LogLine | undefined)[]>(MOST_CHUNKS);
  private readonly reading = new Map<number, AbortController>();
  private readonly listeners = new Set<() => void>();
  private lines: number;
  private drawn = 0;
  private growing: Promise<void> | undefined;
  private growAgain = false;
  private closed = false;

  /** Why lines could not be read, until they can. */
  error: string | undefined;

  constructor(
    readonly place: LogPlace,
    readonly level: LogLevelFilter | undefined,
    readonly firstLine: number,
    count: number,
    private readonly read: LinesReader = readLines,
  ) {
    this.lines = count;
  }

  /** How many lines there are, as far as is known. */
  get count(): number {
    return this.lines;
  }

  readonly version = (): number => this.drawn;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** A line, if it is here. */
  row(index: number): LogLine | undefined {
    return this.chunks.peek(Math.floor(index / CHUNK))?.[index % CHUNK];
  }

  /** Sees that the lines from `first` to before `end` are here or on their way; what is on its way for elsewhere is given up. */
  want(first: number, end: number): void {
    const from = Math.floor(Math.max(0, first) / CHUNK);
    const to = Math.floor(Math.max(0, Math.min(end, this.lines) - 1) / CHUNK);
    for (const [chunk, controller] of this.reading) {
      if (chunk < from - 1 || chunk > to + 1) {
        this.reading.delete(chunk);
        controller.abort();
      }
    }
    for (let chunk = from; chunk <= to; chunk++) {
      if (this.isWhole(chunk)) this.chunks.get(chunk);
      else void this.load(chunk);
    }
  }

  /** Tries again after a failure. */
  retry(first: number, end: number): void {
    this.error = undefined;
    this.want(first, end);
    this.changed();
  }

  /** Puts lines that came live behind the others. */
  append(lines: readonly LogLine[]): void {
    if (this.level) {
      // Which of them pass, and how many had been counted already, only the server can say.
      void this.grow();
      return;
    }
    for (const line of lines) {
      const index = line.number - this.firstLine;
      if (index < 0) continue;
      this.put(index, line);
      this.lines = Math.max(this.lines, index + 1);
    }
    if (lines.length > 0) this.changed();
  }

  /** Reads how many lines there are now, and the new ones. */
  grow(): Promise<void> {
    if (this.growing) {
      this.growAgain = true;
      return this.growing;
    }
    this.growing = this.readGrowth().finally(() => {
      this.growing = undefined;
      if (this.growAgain && !this.closed) {
        this.growAgain = false;
        setTimeout(() => void this.grow(), 400);
      }
    });
    return this.growing;
  }

  /** The index of a line, or of the first one of the level at or behind it. */
  async indexOf(line: number, signal?: AbortSignal): Promise<number> {
    if (!this.level) return line - this.firstLine;
    const page = await this.read(this.place, { level: this.level, line, count: 1 }, signal);
    return (page.firstRank ?? 1) - 1;
  }

  /** Gives up what is on its way. */
  close(): void {
    this.closed = true;
    for (const controller of this.reading.values()) controller.abort();
    this.reading.clear();
    this.listeners.clear();
  }

  private isWhole(chunk: number): boolean {
    const rows = this.chunks.peek(chunk);
    if (!rows) return false;
    const wanted = Math.min(CHUNK, this.lines - chunk * CHUNK);
    for (let i = 0; i < wanted; i++) if (!rows[i]) return false;
    return true;
  }

  private async load(chunk: number): Promise<void> {
    if (this.reading.has(chunk) || this.error || this.closed) return;
    const controller = new AbortController();
    this.reading.set(chunk, controller);
    try {
      const start = chunk * CHUNK;
      const page = this.level
        ? await this.read(this.place, { level: this.level, from: start + 1, count: CHUNK }, controller.signal)
        : await this.read(this.place, { from: this.firstLine + start, count: CHUNK }, controller.signal);
      if (controller.signal.aborted) return;
      page.items.forEach((line, i) => this.put(this.level ? start + i : line.number - this.firstLine, line));
      this.lines = Math.max(this.lines, this.level ? (page.total ?? 0) : page.endLine - this.firstLine);
      this.changed();
    } catch (failure) {
      if (controller.signal.aborted) return;
      this.error = messageOf(failure);
      this.changed();
    } finally {
      if (this.reading.get(chunk) === controller) this.reading.delete(chunk);
    }
  }

  private async readGrowth(): Promise<void> {
    try {
      const page = this.level
        ? await this.read(this.place, { level: this.level, from: this.lines + 1, count: CHUNK })
        : await this.read(this.place, { from: this.firstLine + this.lines, count: CHUNK });
      if (this.closed) return;
      const start = this.lines;
      page.items.forEach((line, i) => this.put(this.level ? start + i : line.number - this.firstLine, line));
      this.lines = Math.max(this.lines, this.level ? (page.total ?? 0) : page.endLine - this.firstLine);
      this.changed();
    } catch {
      // The next line that comes asks again.
    }
  }

  private put(index: number, line: LogLine): void {
    const chunk = Math.floor(index / CHUNK);
    let rows = this.chunks.get(chunk);
    if (!rows) {
      rows = [];
      this.chunks.set(chunk, rows);
    }
    rows[index % CHUNK] ??= line;
  }

  private changed(): void {
    this.drawn++;
    for (const listener of this.listeners) listener();
  }
}
