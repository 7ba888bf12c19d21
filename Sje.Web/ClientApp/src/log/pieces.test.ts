import { expect, it } from "vitest";
import { cut } from "./LogRow";

it("cuts a text where colours, links and marks begin and end, and loses none of it", () => {
  const text = "see http://a.example now";
  const pieces = cut(
    text,
    [{ start: 2, end: 8, classes: "ansi-1" }],
    [{ start: 4, end: 20, href: "http://a.example/" }],
    [{ start: 18, end: 22 }],
  );
  expect(pieces.map((piece) => piece.text).join("")).toBe(text);
  expect(pieces.map((piece) => [piece.text, piece.classes, piece.href ? "link" : "", piece.isMark])).toEqual([
    ["se", "", "", false],
    ["e ", "ansi-1", "", false],
    ["http", "ansi-1", "link", false],
    ["://a.examp", "", "link", false],
    ["le", "", "link", true],
    [" n", "", "", true],
    ["ow", "", "", false],
  ]);
});

it("takes ranges that go beyond the text as far as it goes", () => {
  expect(cut("ab", [], [], [{ start: 1, end: 9 }]).map((piece) => piece.text)).toEqual(["a", "b"]);
  expect(cut("", [], [], [])).toEqual([]);
});
