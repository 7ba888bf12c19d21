import { expect, it } from "vitest";
import type { LogLine } from "../api/log";
import { cutEnds, textHere } from "./selection";
import { LogStore } from "./store";

const never = () => new Promise<never>(() => {});
const line = (number: number, text: string, fullLength: number | null = null): LogLine => ({ number, at: "", stream: "stdout", text, level: null, fullLength });

it("takes off what is not selected of the first and the last line", () => {
  const range = { first: 0, last: 2, startOffset: 2, endOffset: 1 };
  expect(cutEnds(["abc", "def", "ghi"], range)).toBe("c\ndef\ng");
  expect(cutEnds(["abcdef"], { first: 0, last: 0, startOffset: 2, endOffset: 4 })).toBe("cd");
  expect(cutEnds(["abc"], { first: 0, last: 0, startOffset: 0, endOffset: undefined })).toBe("abc");
  expect(cutEnds([], range)).toBe("");
});

it("gives the visible text of lines that are here, and of no others", () => {
  const store = new LogStore({ executionId: "x" }, undefined, 1, 0, never);
  store.append([line(1, "\u001b[31mred\u001b[0m one"), line(2, "two"), line(3, "long", 9_000)]);
  expect(textHere(store, { first: 0, last: 1, startOffset: 4, endOffset: undefined })).toBe("one\ntwo");
  expect(textHere(store, { first: 0, last: 2, startOffset: 0, endOffset: undefined })).toBeUndefined();
  expect(textHere(store, { first: 1, last: 5, startOffset: 0, endOffset: undefined })).toBeUndefined();
});
