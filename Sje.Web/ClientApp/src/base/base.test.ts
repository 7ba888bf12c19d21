import { describe, expect, it } from "vitest";
import { bytes, count, duration, instant, relative, shortCount } from "./format";
import { parseSearch, writeSearch } from "./url";

describe("values", () => {
  it.each([
    [0, "0 ms"],
    [340, "340 ms"],
    [999.6, "1.0 s"],
    [4200, "4.2 s"],
    [9_990, "10 s"],
    [64_000, "1m 04s"],
    [59_600, "1m 00s"],
    [3_600_000, "1h 00m"],
    [100 * 3_600_000, "4d 04h"],
    [-64_000, "-1m 04s"],
  ])("writes %d ms as %s", (ms, text) => expect(duration(ms)).toBe(text));

  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [1_048_575, "1 MiB"],
    [4300, "4.2 KiB"],
    [1.3 * 2 ** 30, "1.3 GiB"],
  ])("writes %d bytes as %s", (value, text) => expect(bytes(value)).toBe(text));

  it.each([
    [999, "999"],
    [9_999, "9,999"],
    [12_345, "12.3 k"],
    [1_204_332, "1.2 M"],
    [123_456_789, "123 M"],
    [2.5e9, "2.5 G"],
  ])("writes %d on a card as %s", (value, text) => expect(shortCount(value)).toBe(text));

  it("writes whole numbers with commas", () => expect(count(1_204_332)).toBe("1,204,332"));

  it("writes instants shorter the nearer they are", () => {
    const now = new Date("2026-11-26T12:00:00Z");
    expect(instant(new Date("2026-11-26T09:03:22Z"), "utc", "short", now)).toBe("09:03:22");
    expect(instant(new Date("2026-11-25T14:03:22Z"), "utc", "short", now)).toBe("25 Nov 14:03");
    expect(instant(new Date("2025-11-25T14:03:22Z"), "utc", "short", now)).toBe("25 Nov 2025 14:03");
    expect(instant(new Date("2025-11-25T14:03:22Z"), "utc", "full", now)).toBe("25 Nov 2025 14:03:22");
    expect(relative(new Date("2026-11-26T11:59:57Z"), now)).toBe("3.0 s ago");
    expect(relative(new Date("2026-11-26T12:05:00Z"), now)).toBe("in 5m 00s");
  });
});

describe("addresses", () => {
  it.each(["?state=failed,timed_out&q=a%20b%26c", "?from=2026-11-26T09:00:00Z", "?q=%22100%25%22&line=734218", ""])("come back as they were: %s", (text) => {
    expect(writeSearch(parseSearch(text))).toBe(text);
  });

  it("leave out what is not set", () => expect(writeSearch({ a: undefined, b: "", c: 0, d: null })).toBe("?c=0"));
});
