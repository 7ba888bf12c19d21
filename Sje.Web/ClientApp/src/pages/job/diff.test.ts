import { describe, expect, it } from "vitest";
import { countDiff, diffLines, foldLines } from "./diff";

const text = (...lines: string[]) => `${lines.join("\n")}\n`;

function rebuild(left: string, right: string) {
  const lines = diffLines(left, right);
  const side = (dropped: string) => lines.filter((line) => line.kind !== dropped).map((line) => `${line.text}\n`);
  return { left: side("added").join(""), right: side("removed").join("") };
}

describe("a comparison of two texts", () => {
  it("numbers the lines of both", () =>
    expect(diffLines(text("a", "b", "c"), text("a", "x", "c"))).toEqual([
      { kind: "same", text: "a", left: 1, right: 1 },
      { kind: "removed", text: "b", left: 2, right: null },
      { kind: "added", text: "x", left: null, right: 2 },
      { kind: "same", text: "c", left: 3, right: 3 },
    ]));

  it("is the shortest one", () => expect(countDiff(diffLines(text(..."abcabba"), text(..."cbabac")))).toEqual({ added: 2, removed: 3 }));

  it("holds both texts, whatever they are", () => {
    let seed = 7;
    const next = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    for (let round = 0; round < 300; round++) {
      const left = text(...Array.from({ length: next(30) + 1 }, () => "abc".charAt(next(3))));
      const right = text(...Array.from({ length: next(30) + 1 }, () => "abc".charAt(next(3))));
      expect(rebuild(left, right)).toEqual({ left, right });
    }
  });

  it("of long texts with nothing in common replaces all", () => {
    const left = text(...Array.from({ length: 5000 }, (_, n) => `a${n}`));
    const right = text(...Array.from({ length: 5000 }, (_, n) => `b${n}`));
    expect(countDiff(diffLines(left, right))).toEqual({ added: 5000, removed: 5000 });
  });

  it("folds what is far from a change", () => {
    const lines = Array.from({ length: 20 }, (_, n) => `line ${n}`);
    const folded = foldLines(diffLines(text(...lines), text(...lines.with(10, "other"))));
    expect(folded.map((row) => (row.kind === "gap" ? row.lines.length : row.kind))).toEqual([
      7,
      ...Array(3).fill("same"),
      "removed",
      "added",
      ...Array(3).fill("same"),
      6,
    ]);
  });

  it("of equal texts is one fold", () => expect(foldLines(diffLines(text("a", "b"), text("a", "b")))).toHaveLength(1));
});
