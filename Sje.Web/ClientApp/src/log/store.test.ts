import { describe, expect, it, vi } from "vitest";
import type { LogLine, LogPage } from "../api/log";
import { CHUNK, type LinesReader, LogStore } from "./store";

const line = (number: number): LogLine => ({ number, at: "2026-01-01T00:00:00Z", stream: "stdout", text: `line ${number}`, level: null, fullLength: null });

/** A server with so many lines, of which every tenth is an error. */
function serverOf(lines: { count: number }) {
  const asked: string[] = [];
  const read: LinesReader = (_, range, signal) => {
    asked.push(`${range.level ?? "all"} ${range.from ?? `line ${range.line}`}+${range.count}`);
    const all = Array.from({ length: lines.count }, (_, i) => i + 1).filter((n) => !range.level || n % 10 === 0);
    const start = range.line !== undefined ? all.findIndex((n) => n >= (range.line ?? 0)) : range.level ? (range.from ?? 1) - 1 : all.findIndex((n) => n >= (range.from ?? 1));
    const numbers = start < 0 ? [] : all.slice(start, start + range.count);
    const page: LogPage = {
      task: "main",
      attempt: 1,
      items: numbers.map(line),
      nextFrom: 0,
      firstLine: 1,
      endLine: lines.count + 1,
      ended: false,
      firstRank: range.level ? (start < 0 ? all.length : start) + 1 : null,
      total: range.level ? all.length : null,
    };
    return new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      setTimeout(() => resolve(page), 1);
    });
  };
  return { asked, read };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 10));
const place = { executionId: "x" };

describe("lines by range", () => {
  it("are read a thousand at a time, once", async () => {
    const server = serverOf({ count: 5_000 });
    const store = new LogStore(place, undefined, 1, 5_000, server.read);
    store.want(990, 1_010);
    store.want(990, 1_010);
    await settled();
    expect(server.asked).toEqual(["all 1+1000", "all 1001+1000"]);
    expect(store.row(999)?.text).toBe("line 1000");
    expect(store.row(1_000)?.text).toBe("line 1001");
    expect(store.row(2_000)).toBeUndefined();
    store.want(0, 2_000);
    expect(server.asked.length).toBe(2);
  });

  it("on their way for elsewhere are given up", async () => {
    const server = serverOf({ count: 100_000 });
    const store = new LogStore(place, undefined, 1, 100_000, server.read);
    store.want(0, 10);
    store.want(50_000, 50_010);
    await settled();
    expect(store.row(0)).toBeUndefined();
    expect(store.row(50_000)?.number).toBe(50_001);
  });

  it("of fifty chunks are kept", async () => {
    const server = serverOf({ count: 60 * CHUNK });
    const store = new LogStore(place, undefined, 1, 60 * CHUNK, server.read);
    for (let chunk = 0; chunk < 60; chunk++) {
      store.want(chunk * CHUNK, chunk * CHUNK + 1);
      await settled();
    }
    expect(store.row(0)).toBeUndefined();
    expect(store.row(59 * CHUNK)).toBeDefined();
    expect(store.row(10 * CHUNK)).toBeDefined();
  });

  it("that cannot be read say so until they are tried again", async () => {
    const read = vi.fn<LinesReader>().mockRejectedValueOnce(new Error("gone"));
    const server = serverOf({ count: 10 });
    read.mockImplementation(server.read);
    const store = new LogStore(place, undefined, 1, 10, read);
    store.want(0, 10);
    await settled();
    expect(store.error).toBe("gone");
    store.want(0, 10);
    expect(read).toHaveBeenCalledTimes(1);
    store.retry(0, 10);
    await settled();
    expect(store.error).toBeUndefined();
    expect(store.row(9)?.number).toBe(10);
  });
});

describe("lines that come live", () => {
  it("are neither lost nor doubled, in whatever order and however often they come", async () => {
    const server = serverOf({ count: 1_500 });
    const store = new LogStore(place, undefined, 1, 998, server.read);
    store.append([line(999), line(1000), line(1001)]);
    store.append([line(1001), line(1003)]);
    expect(store.count).toBe(1_003);
    expect(store.row(1_001)).toBeUndefined();
    store.want(990, 1_003);
    await settled();
    for (let i = 0; i < store.count; i++) if (i >= 990) expect(store.row(i)?.number).toBe(i + 1);
    expect(store.count).toBe(1_500);
  });

  it("of a level are counted by the server", async () => {
    const lines = { count: 100 };
    const server = serverOf(lines);
    const store = new LogStore(place, "error", 1, 10, server.read);
    store.want(0, 10);
    await settled();
    expect(store.row(9)?.number).toBe(100);
    lines.count = 135;
    store.append([line(101)]);
    store.append([line(102)]);
    await settled();
    expect(store.count).toBe(13);
    expect(store.row(12)?.number).toBe(130);
    expect(await store.indexOf(111)).toBe(11);
    store.close();
  });
});
