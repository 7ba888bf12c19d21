import { type LogHit, type LogHitBucket, type LogLevelFilter, type LogPatternText, type LogPlace, type LogSearchPage, searchLog } from "../api/log";

/** The part of the server that finds; tests give their own. */
export type Searcher = (
  place: LogPlace,
  query: LogPatternText & { level?: LogLevelFilter | undefined; from?: number; to?: number; limit: number; total?: boolean },
  signal?: AbortSignal,
) => Promise<LogSearchPage>;

/** What is known of a search. */
export interface FoundSoFar {
  total: number;
  /** Whether every line has been looked at. */
  complete: boolean;
  buckets: readonly LogHitBucket[];
  bucketLines: number;
  endLine: number;
}

/** A hit, and the how manieth of all it is, from 1. */
export interface Place {
  hit: LogHit;
  rank: number;
}

const PAGE = 1_000;
const NOTHING: FoundSoFar = { total: 0, complete: false, buckets: [], bucketLines: 1, endLine: 1 };

/** A search over a whole log: how much there is and where, and the way from hit to hit. */
export class LogFinder {
  private readonly controller = new AbortController();
  private found: FoundSoFar = NOTHING;

  constructor(
    private readonly place: LogPlace,
    readonly pattern: LogPatternText,
    private readonly level: LogLevelFilter | undefined,
    private readonly search: Searcher = searchLog,
  ) {}

  get soFar(): FoundSoFar {
    return this.found;
  }

  stop(): void {
    this.controller.abort();
  }

  /** Looks at every line; tells after each part of the log. */
  count(tell: (found: FoundSoFar) => void): Promise<void> {
    this.found = NOTHING;
    return this.look(undefined, tell);
  }

  /** Looks at the lines that have come since it was counted. */
  async countMore(tell: (found: FoundSoFar) => void): Promise<void> {
    if (this.found.complete) await this.look(this.found.endLine, tell);
  }

  private async look(start: number | undefined, tell: (found: FoundSoFar) => void): Promise<void> {
    let from = start;
    do {
      const page = await this.ask({ from, limit: 1 });
      this.found = {
        total: this.found.total + page.total,
        complete: page.resumeFrom === null,
        buckets: joined(this.found.buckets, page.buckets),
        bucketLines: page.bucketLines,
        endLine: page.endLine,
      };
      from = page.resumeFrom ?? undefined;
      tell(this.found);
    } while (from !== undefined);
  }

  /** The first hit behind a line; behind the last one the first of all. */
  async next(line: number): Promise<Place | undefined> {
    return (await this.firstFrom(line + 1)) ?? (await this.firstFrom(0));
  }

  /** The last hit before a line; before the first one the last of all. */
  async previous(line: number): Promise<Place | undefined> {
    return (await this.lastBefore(line)) ?? (await this.lastBefore(Number.MAX_SAFE_INTEGER));
  }

  /** The hits in some lines, for drawing them: of each line the first match. */
  async within(from: number, to: number): Promise<LogHit[]> {
    return (await this.ask({ from, to, limit: PAGE, total: false })).items;
  }

  private async firstFrom(line: number): Promise<Place | undefined> {
    const [hit] = (await this.ask({ from: line, limit: 1, total: false })).items;
    return hit && { hit, rank: await this.rankOf(hit.number) };
  }

  private async lastBefore(line: number): Promise<Place | undefined> {
    for (let i = this.found.buckets.length - 1; i >= 0; i--) {
      const bucket = this.found.buckets[i] as LogHitBucket;
      if (bucket.line >= line) continue;
      const hits = await this.all(bucket.line, Math.min(this.endOf(bucket), line - 1));
      const hit = hits.at(-1);
      if (hit) return { hit, rank: this.before(bucket) + hits.length };
    }
    return undefined;
  }

  private async rankOf(line: number): Promise<number> {
    const bucket = this.found.buckets.findLast((candidate) => candidate.line <= line);
    if (!bucket) return 1;
    return this.before(bucket) + (await this.all(bucket.line, line)).length;
  }

  private before(bucket: LogHitBucket): number {
    let sum = 0;
    for (const each of this.found.buckets) {
      if (each.line >= bucket.line) break;
      sum += each.count;
    }
    return sum;
  }

  private endOf(bucket: LogHitBucket): number {
    return bucket.line + this.found.bucketLines - 1;
  }

  private async all(from: number, to: number): Promise<LogHit[]> {
    const hits: LogHit[] = [];
    let next: number | null = from;
    while (next !== null && next <= to) {
      const page: LogSearchPage = await this.ask({ from: next, to, limit: PAGE, total: false });
      hits.push(...page.items);
      next = page.nextFrom;
    }
    return hits;
  }

  private ask(range: { from?: number | undefined; to?: number; limit: number; total?: boolean }): Promise<LogSearchPage> {
    const { from, ...rest } = range;
    return this.search(this.place, { ...this.pattern, level: this.level, ...(from === undefined ? {} : { from }), ...rest }, this.controller.signal);
  }
}

/** Buckets of one part of a log and of the next: where the first ended inside a bucket, both have it. */
function joined(before: readonly LogHitBucket[], behind: readonly LogHitBucket[]): LogHitBucket[] {
  const [last, first] = [before.at(-1), behind[0]];
  if (last === undefined || first === undefined || last.line !== first.line) return [...before, ...behind];
  return [...before.slice(0, -1), { line: last.line, count: last.count + first.count }, ...behind.slice(1)];
}
