import { describe, expect, it } from "vitest";
import { endOf, verbOf } from "../parts/operations";
import { textOfError } from "./errors";
import { filterInWords, filterOf, isNarrowed, lettersInWords } from "./filter";

const NOW = new Date("2026-11-26T12:34:56Z");

describe("the filter of dead letters", () => {
  it("is what the address says and nothing else", () => {
    expect(filterOf({ q: " disk ", class: "network", tab: "x" }, NOW)).toEqual({ q: "disk", class: "network" });
    expect(isNarrowed(filterOf({ view: "all" }, NOW))).toBe(false);
    expect(filterOf({ error: "network-1" }, NOW)).toEqual({ fingerprint: "network-1" });
  });

  it("turns a range into a whole minute, so that it stays the same question", () => {
    expect(filterOf({ range: "1h" }, NOW).since).toBe("2026-11-26T11:34:00.000Z");
    expect(filterOf({ range: "1h" }, new Date("2026-11-26T12:34:01Z"))).toEqual(filterOf({ range: "1h" }, NOW));
    expect(filterOf({ range: "nonsense", since: "2026-01-01T00:00:00Z" }, NOW).since).toBe("2026-01-01T00:00:00Z");
  });

  it("is said in words before something is done", () => {
    expect(filterInWords({ job: "load", since: "2026-11-26T11:34:00.000Z" })).toEqual(["of the job “load”", "that failed after 2026-11-26 11:34 UTC"]);
  });

  it("counts in words", () => {
    expect([lettersInWords(1), lettersInWords(5000), lettersInWords(100_000, 100_000)]).toEqual(["1 dead letter", "5,000 dead letters", "100,000+ dead letters"]);
  });
});

describe("operations in words", () => {
  const ended = { kind: "dead_letters.requeue", state: "succeeded", done: 5000, failed: 0, total: 5000, untouched: 0, lastError: null } as const;

  it("say what was done", () => {
    expect(endOf(ended)).toEqual({ text: "5,000 of 5,000 retried.", failed: false });
    expect(endOf({ ...ended, state: "partially_succeeded", done: 4990, failed: 7, untouched: 3, lastError: "gone" })).toEqual({
      text: "4,990 of 5,000 retried, 7 failed (gone), 3 had been dealt with meanwhile.",
      failed: true,
    });
    expect(endOf({ ...ended, state: "cancelled", done: 10 }).text).toBe("Stopped: 10 of 5,000 retried. What was done stays done.");
  });

  it("name every kind, also one that is not known yet", () => {
    expect(verbOf("executions.prioritize").going).toBe("Changing the priority of executions");
    expect(verbOf("executions.archive")).toEqual({ going: "Archive executions", done: "changed" });
  });
});

describe("the text of an error", () => {
  it("has the end of the log without what only a terminal understands", () => {
    expect(textOfError({ logTail: ["\u001b[31mred\u001b[0m", "\u001b]8;;http://x\u0007link"] }).log).toBe("red\nlink");
    expect(textOfError({ logTail: "one\ntwo" }).log).toBe("one\ntwo");
    expect(textOfError({ logTail: [{ text: "line" }] }).log).toBe("line");
  });

  it("has details, and nothing where there is nothing", () => {
    expect(textOfError({ details: { a: 1 } }).rest).toContain('"a": 1');
    expect(textOfError(null)).toEqual({});
    expect(textOfError({})).toEqual({ log: undefined, rest: undefined });
  });
});
