import { describe, expect, it } from "vitest";
import { parseRange, writeRange } from "./range";

const now = new Date("2026-11-26T12:00:00Z");

describe("a range of time", () => {
  it("counts back from now", () =>
    expect(parseRange("6h", now)).toEqual({ text: "6h", from: new Date("2026-11-26T06:00:00Z"), to: now, moves: true }));
  it("stands between two instants", () => {
    const range = parseRange("2026-11-26T10:00:00Z..2026-11-26T10:30:00Z", now);
    expect(range?.moves).toBe(false);
    expect(range?.to).toEqual(new Date("2026-11-26T10:30:00Z"));
  });
  it("is none of what makes no sense", () => {
    for (const text of [undefined, "", "h", "0h", "1w", "a..b", "2026-11-26T10:00:00Z..2026-11-26T09:00:00Z", "1h..2h..3h"]) {
      expect(parseRange(text, now)).toBeUndefined();
    }
  });
  it("comes back as it was written", () => {
    const text = writeRange(new Date("2026-11-26T10:00:00.400Z"), new Date("2026-11-26T10:00:00.600Z"));
    expect(text).toBe("2026-11-26T10:00:00Z..2026-11-26T10:00:01Z");
    expect(parseRange(text, now)?.text).toBe(text);
  });
});
