import { describe, expect, it } from "vitest";
import { flatten } from "./configuration";
import { backoffInWords, firstWaits, seconds } from "./retries";
import { reportInWords } from "./retention";

const POLICY = { backoff: "exponential", initialDelaySeconds: 1, maxDelaySeconds: 60, factor: 2, jitter: "full", maxAttempts: 3 } as const;

describe("a retry policy in words", () => {
  it("names the first waits and where they end", () => {
    expect(backoffInWords(POLICY)).toBe("1 s, 2 s, each a random part of that");
    expect(backoffInWords({ ...POLICY, maxAttempts: 9, jitter: "none" })).toBe("1 s, 2 s, 4 s, 8 s … up to 1m 00s");
    expect(backoffInWords({ ...POLICY, backoff: "fixed", initialDelaySeconds: 90, jitter: "none" })).toBe("1m 30s each time");
    expect(backoffInWords({ ...POLICY, maxAttempts: 1 })).toBe("not tried again");
  });

  it("grows as the policy says and no further than it may", () => {
    expect(firstWaits({ ...POLICY, initialDelaySeconds: 20 }, 4)).toEqual([20, 40, 60, 60]);
    expect(firstWaits({ ...POLICY, backoff: "linear", factor: null }, 3)).toEqual([1, 2, 3]);
    expect(firstWaits({ ...POLICY, backoff: "fibonacci", factor: null }, 6)).toEqual([1, 1, 2, 3, 5, 8]);
    expect(seconds(0.5)).toBe("500 ms");
  });
});

describe("the configuration", () => {
  it("is one line a setting", () => {
    expect(flatten({ worker: { queues: ["a", "b"], slots: 4 }, connections: [{ name: "db" }], empty: null })).toEqual([
      { key: "worker.queues", value: "a, b" },
      { key: "worker.slots", value: "4" },
      { key: "connections[0].name", value: "db" },
      { key: "empty", value: "" },
    ]);
  });
});

describe("a round of retention", () => {
  it("says what it removed", () => {
    expect(reportInWords({ executions: 1, rangesDropped: 2, workers: 0, held: [] })).toBe("1 execution, 2 stretches of history");
    expect(reportInWords({ executions: 0 })).toBe("nothing was old enough");
    expect(reportInWords({ held: ["2026-01"] })).toBe("nothing was old enough; held back by what still runs: 2026-01");
    expect(reportInWords(null)).toBe("nothing is known");
  });
});
