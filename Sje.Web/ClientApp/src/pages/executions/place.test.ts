import { describe, expect, it } from "vitest";
import { anchorOf, cursorAt, noteShown } from "./place";

describe("the place in a list", () => {
  it("stays where it was while the address is steps behind the scrolling", () => {
    anchorOf("behind", undefined);
    noteShown("behind", "c1");
    noteShown("behind", "c2");
    expect(anchorOf("behind", "c1")).toBeUndefined();
    expect(anchorOf("behind", "c2")).toBeUndefined();
  });
  it("is that of the address when it is opened", () => expect(anchorOf("a", "c5")).toBe("c5"));
  it("is where it began, when the address has followed the scrolling", () => {
    expect(anchorOf("b", undefined)).toBeUndefined();
    noteShown("b", "c3");
    expect(anchorOf("b", "c3")).toBeUndefined();
  });
  it("is that of the address when somebody else wrote it", () => {
    anchorOf("c", undefined);
    noteShown("c", "c3");
    expect(anchorOf("c", "c9")).toBe("c9");
  });
});

it("names the page of a row by the cursor before it", () => {
  const pages = [
    { items: [1, 2], nextCursor: "c1" },
    { items: [3, 4], nextCursor: "c2" },
    { items: [5], nextCursor: null },
  ];
  expect([0, 1, 2, 4, 9].map((row) => cursorAt(pages, row, "c0"))).toEqual(["c0", "c0", "c1", "c2", "c2"]);
});
