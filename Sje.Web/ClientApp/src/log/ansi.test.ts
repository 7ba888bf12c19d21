import { describe, expect, it } from "vitest";
import { readLine } from "./ansi";

describe("what a line shows", () => {
  // The same lines stand in Sje.Tests/Unit/Storage/AnsiTextTests.cs: both readers must show the same.
  it.each([
    ["plain", "plain"],
    ["a\tb", "a\tb"],
    ["\u001b[31mred\u001b[0m", "red"],
    ["\u001b[38;5;196mx\u001b[38:2::1:2:3my", "xy"],
    ["\u001b]0;title\u0007after", "after"],
    ["\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\", "link"],
    ["\u001b]52;c;aGk=", ""],
    ["\u001bP1;2q#0\u001b\\sixel", "sixel"],
    ["\u001b(Bx\u001b=y\u001b7z", "xyz"],
    ["\u001b[2J\u001b[Hgone", "gone"],
    ["\u001b[31", ""],
    ["\u001b", ""],
    ["\u001b[3\u0001mx", "mx"],
    ["10%\r20%\r", "10% 20%"],
    ["a\bb\u0000c\u007fd", "abcd"],
    ["é\u001b[1m😀", "é😀"],
  ])("%j is %j", (raw, shown) => {
    expect(readLine(raw).text).toBe(shown);
  });

  it("keeps markup as text", () => {
    expect(readLine("<img src=x onerror=alert(1)>\u001b[0m").text).toBe("<img src=x onerror=alert(1)>");
  });
});

describe("colours", () => {
  const classes = (raw: string) => readLine(raw).spans.map((span) => [span.start, span.end, span.classes]);

  it("become classes of ours", () => {
    expect(classes("a\u001b[1;31mbc\u001b[22md\u001b[39me")).toEqual([
      [1, 3, "ansi-1 ansi-bold"],
      [3, 4, "ansi-1"],
    ]);
  });

  it("know bright ones, backgrounds and what is turned round", () => {
    expect(classes("\u001b[91;44mx")).toEqual([[0, 1, "ansi-9 ansi-bg-4"]]);
    expect(classes("\u001b[7mx")).toEqual([[0, 1, "ansi-inverse ansi-bg-7"]]);
    expect(classes("\u001b[3;4;9;2mx")).toEqual([[0, 1, "ansi-dim ansi-italic ansi-underline ansi-strike"]]);
  });

  it("map larger palettes to the nearest of sixteen", () => {
    expect(classes("\u001b[38;5;196mx")).toEqual([[0, 1, "ansi-9"]]);
    expect(classes("\u001b[38;2;0;128;0;1mx")).toEqual([[0, 1, "ansi-2 ansi-bold"]]);
    expect(classes("\u001b[38:2::10:20:200mx")).toEqual([[0, 1, "ansi-4"]]);
    expect(classes("\u001b[38;5;240mx")).toEqual([[0, 1, "ansi-8"]]);
  });

  it("end at a reset, also an empty one, and never spill into odd sequences", () => {
    expect(classes("\u001b[32mx\u001b[my")).toEqual([[0, 1, "ansi-2"]]);
    expect(classes("\u001b[?25hx\u001b[>4;1my")).toEqual([]);
    expect(classes("\u001b[38;5mx")).toEqual([]);
    expect(classes("\u001b[999mx")).toEqual([]);
  });

  it("name no class that is not ours, whatever comes", () => {
    let seed = 7;
    const next = (n: number) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
    const parts = ["\u001b[", ";", ":", "m", "38", "5", "2", "48", "255", "1", "x", "\u001b]8;;", "\u0007", "\r", "99999999999", "<b>"];
    for (let i = 0; i < 3000; i++) {
      const raw = Array.from({ length: next(20) }, () => parts[next(parts.length)]).join("");
      const { text, spans } = readLine(raw);
      expect([...text].filter((c) => c < " " && c !== "\t")).toEqual([]);
      let end = 0;
      for (const span of spans) {
        expect(span.start).toBeGreaterThanOrEqual(end);
        expect(span.end).toBeGreaterThan(span.start);
        expect(span.end).toBeLessThanOrEqual(text.length);
        expect(span.classes).toMatch(/^(ansi-(bg-)?(\d|1[0-5]|inverse|bold|dim|italic|underline|strike)( |$))+$/);
        end = span.end;
      }
    }
  });
});
