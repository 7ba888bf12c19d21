import { describe, expect, it } from "vitest";
import type { LogHit, LogSearchPage } from "../api/log";
import { LogFinder, type Searcher } from "./finder";

const hitAt = (number: number): LogHit => ({ number, at: "", stream: "stdout", level: null, text: "x", start: 0, length: 1, column: 0 });

/** A server where some lines have a match; it looks at `most` lines at a time. */
function serverOf(lines: number, hits: number[], most = Infinity): Searcher {
  const bucketLines = Math.max(1, Math.ceil(lines / 500));
  return (_, query) => {
    const from = query.from ?? 0;
    const end = Math.min(query.to ?? lines, lines, from + most - 1);
    const mine = hits.filter((n) => n >= from && n <= end);
    const items = mine.slice(0, query.limit).map(hitAt);
    const buckets = new Map<number, number>();
    for (const n of mine) {
      const line = Math.floor((n - 1) / bucketLines) * bucketLines + 1;
      buckets.set(line, (buckets.get(line) ?? 0) + 1);
    }
    const resume = end < Math.min(query.to ?? lines, lines) ? end + 1 : null;
    const page: LogSearchPage = {
      task: "main",
      attempt: 1,
      items,
      total: mine.length,
      complete: resume === null,
      nextFrom: mine.length > items.length ? (items.at(-1)?.number ?? 0) + 1 : resume,
      resumeFrom: resume,
      firstLine: 1,
      endLine: lines + 1,
      bucketLines,
      buckets: [...buckets].map(([line, count]) => ({ line, count })),
    };
    return Promise.resolve(page);
  };
}

const pattern = { q: "x", regex: false, ignoreCase: false };

async function finderOf(lines: number, hits: number[], most?: number): Promise<LogFinder> {
  const finder = new LogFinder({ executionId: "e" }, pattern, undefined, serverOf(lines, hits, most));
  await finder.count(() => {});
  return finder;
}

describe("a search", () => {
  it("counts a log that the server looks through in several parts", async () => {
    const hits = [3, 999, 1000, 1001, 25_000];
    const told: number[] = [];
    const finder = new LogFinder({ executionId: "e" }, pattern, undefined, serverOf(30_000, hits, 7_000));
    await finder.count((found) => told.push(found.total));
    expect(told).toEqual([4, 4, 4, 5, 5]);
    expect(finder.soFar.complete).toBe(true);
  });

  it("has a bucket once, though the server stopped inside it", async () => {
    const finder = await finderOf(30_000, [6_999, 7_000, 7_001, 7_002], 7_000);
    expect(finder.soFar.buckets.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(4);
    expect(new Set(finder.soFar.buckets.map((bucket) => bucket.line)).size).toBe(finder.soFar.buckets.length);
  });

  it("goes from hit to hit, round the ends, and says which one it is", async () => {
    const hits = [3, 999, 1000, 1001, 25_000];
    const finder = await finderOf(30_000, hits);
    const forward: [number, number][] = [];
    let line = 0;
    for (let i = 0; i < 6; i++) {
      const place = await finder.next(line);
      line = place?.hit.number ?? -1;
      forward.push([line, place?.rank ?? 0]);
    }
    expect(forward).toEqual([[3, 1], [999, 2], [1000, 3], [1001, 4], [25_000, 5], [3, 1]]);
    const backward: [number, number][] = [];
    for (let i = 0; i < 6; i++) {
      const place = await finder.previous(line);
      line = place?.hit.number ?? -1;
      backward.push([line, place?.rank ?? 0]);
    }
    expect(backward).toEqual([[25_000, 5], [1001, 4], [1000, 3], [999, 2], [3, 1], [25_000, 5]]);
  });

  it("finds its way where every line is a hit", async () => {
    const finder = await finderOf(1_000_000, Array.from({ length: 1_000_000 }, (_, i) => i + 1));
    expect((await finder.previous(734_219))?.rank).toBe(734_218);
    expect((await finder.next(734_217))?.rank).toBe(734_218);
  });

  it("goes on where a log has grown", async () => {
    const hits = [3, 90];
    let lines = 100;
    const finder = new LogFinder({ executionId: "e" }, pattern, undefined, (place, query) => serverOf(lines, hits)(place, query));
    await finder.count(() => {});
    lines = 2_000;
    hits.push(101, 1_500);
    await finder.countMore(() => {});
    expect(finder.soFar).toMatchObject({ total: 4, endLine: 2_001, complete: true });
    expect((await finder.previous(2_000))?.rank).toBe(4);
    expect((await finder.previous(1_500))?.rank).toBe(3);
    expect((await finder.next(3))?.rank).toBe(2);
    expect((await finder.previous(90))?.rank).toBe(1);
  });

  it("that finds nothing says so", async () => {
    const finder = await finderOf(100, []);
    expect(await finder.next(5)).toBeUndefined();
    expect(await finder.previous(5)).toBeUndefined();
  });
});
