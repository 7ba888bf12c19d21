import { describe, expect, it } from "vitest";
import type { Queue } from "../../api/queues";
import { formOf, limitsInWords, nameFault, readForm } from "./limits";
import { groupReasons, reasonInWords } from "./reasons";
import { addSamples, rateText } from "./samples";
import { stateOf } from "./state";

const QUEUE = {
  name: "etl",
  lane: "background",
  pausedAt: null,
  queued: 0,
  running: 0,
  waitingRetry: 0,
  blocked: 0,
  oldestWaitSeconds: null,
  workers: 1,
  maxRunning: null,
  maxQueued: null,
  maxStarts: null,
  perSeconds: null,
} as unknown as Queue;

describe("the form of a queue", () => {
  it("reads empty as no limit and keeps what it shows", () => {
    const form = formOf(QUEUE);
    expect(readForm(form).request).toEqual({ lane: "background", maxRunning: null, maxQueued: null, maxStarts: null, perSeconds: null });
    const limited = { ...QUEUE, maxRunning: 5, maxStarts: 10, perSeconds: 60 };
    expect(readForm(formOf(limited)).request).toMatchObject({ maxRunning: 5, maxStarts: 10, perSeconds: 60 });
  });

  it("says what is wrong at the field", () => {
    const wrong = readForm({ lane: "background", maxRunning: "0", maxQueued: "many", maxStarts: "", perSeconds: "5" });
    expect(Object.keys(wrong.faults ?? {}).sort()).toEqual(["maxQueued", "maxRunning", "maxStarts"]);
    expect(readForm({ ...formOf(QUEUE), maxRunning: "1.5" }).faults?.maxRunning).toContain("1,000,000");
    expect(readForm({ ...formOf(QUEUE), maxStarts: "1", perSeconds: "0" }).faults?.perSeconds).toBeDefined();
  });

  it("takes numbers with commas", () => {
    expect(readForm({ ...formOf(QUEUE), maxQueued: "10,000" }).request?.maxQueued).toBe(10_000);
  });

  it("knows names", () => {
    expect(nameFault("etl-2_a")).toBeUndefined();
    expect(nameFault("ETL")).toBeDefined();
    expect(nameFault("")).toBeDefined();
  });

  it("puts limits into words", () => {
    expect(limitsInWords({ ...QUEUE, maxRunning: 1200, maxStarts: 1, perSeconds: 1, maxQueued: 5 })).toEqual(["1,200 at a time", "1 start per 1 s", "5 may wait"]);
    expect(limitsInWords(QUEUE)).toEqual([]);
  });
});

describe("why tasks wait", () => {
  it("counts what differs only in numbers as one, the most frequent first", () => {
    const groups = groupReasons([
      { id: "a", waitReason: "no worker is alive" },
      { id: "b", waitReason: "behind 3 others in queue 'etl'" },
      { id: "c", waitReason: "behind 1 other in queue 'etl'" },
      { id: "d", waitReason: null },
    ]);
    expect(groups[0]).toEqual({ reason: "Waits its turn behind others of this queue", count: 2, sample: "b" });
    expect(groups.map((group) => group.count)).toEqual([2, 1, 1]);
  });

  it("leaves out instants and numbers of tries", () => {
    expect(reasonInWords("waits for its retry at 2026-11-26T17:00:00Z (1 of 3 attempts failed)")).toBe("Waits for the time of its retry");
    expect(reasonInWords("concurrency key 'db' has 2 of 2 tasks running")).toBe("Concurrency key 'db' has 2 of 2 tasks running");
  });
});

describe("the state of a queue", () => {
  it("is the first that explains why nothing starts", () => {
    expect(stateOf({ ...QUEUE, pausedAt: "2026-01-01T00:00:00Z", workers: 0, queued: 3 })).toBe("paused");
    expect(stateOf({ ...QUEUE, workers: 0, queued: 3 })).toBe("failed");
    expect(stateOf({ ...QUEUE, queued: 3, running: 2, heldBecause: "queue 'etl' runs 2 of 2 tasks" })).toBe("retrying");
    expect(stateOf({ ...QUEUE, running: 2, queued: 3 })).toBe("running");
    expect(stateOf({ ...QUEUE, queued: 3 })).toBe("queued");
    expect(stateOf(QUEUE)).toBe("ok");
  });
});

describe("rates", () => {
  it("are written by what can be read", () => {
    expect([0, 0.01, 0.25, 3.14159, 12.7, 1234.5].map(rateText)).toEqual(["0", "0.6/min", "0.3/s", "3.1/s", "13/s", "1,235/s"]);
  });

  it("are kept for five minutes, of queues that are there", () => {
    let samples: ReturnType<typeof addSamples> = new Map();
    for (let second = 0; second < 400; second++) samples = addSamples(samples, [QUEUE], second * 1_000);
    expect(samples.get("etl")?.length).toBe(60);
    expect(samples.get("etl")?.at(-1)?.at).toBe(399_000);
    expect(addSamples(samples, [], 400_000).size).toBe(0);
  });
});
