import { describe, expect, it } from "vitest";
import { LARGEST, offsetOf, positionOf, ROW, rowsAt, spaceOf, wheelLines } from "./scroll";

describe("a short log", () => {
  const space = spaceOf(1000, 500);

  it("is scrolled as any page", () => {
    expect(space).toEqual({ height: 18_000, last: (18_000 - 500) / ROW, isScaled: false });
    expect(positionOf(space, 500, 360)).toBe(20);
    expect(offsetOf(space, 500, 20)).toBe(360);
  });

  it("needs no scrolling when it fits", () => {
    expect(spaceOf(3, 500)).toEqual({ height: 54, last: 0, isScaled: false });
    expect(spaceOf(0, 500).height).toBe(0);
    expect(positionOf(spaceOf(3, 500), 500, 10)).toBe(0);
  });
});

describe.each([1_000_000, 10_000_000, 500_000])("%i lines", (lines) => {
  const viewport = 613;
  const space = spaceOf(lines, viewport);

  it("stay below what browsers can draw", () => {
    expect(space.height).toBe(LARGEST);
    expect(space.isScaled).toBe(true);
  });

  it("can be reached to the last one", () => {
    expect(positionOf(space, viewport, space.height - viewport)).toBeCloseTo(lines - viewport / ROW, 6);
    expect(positionOf(space, viewport, 0)).toBe(0);
    const [, end] = rowsAt(space.last, viewport, lines);
    expect(end).toBe(lines);
  });

  it("come back to the position that an offset was made from", () => {
    for (let at = 0; at <= space.last; at += space.last / 97) {
      expect(positionOf(space, viewport, offsetOf(space, viewport, at))).toBeCloseTo(at, 4);
    }
  });

  it("rise with the offset", () => {
    let before = -1;
    for (let top = 0; top < space.height; top += 77_777) {
      const at = positionOf(space, viewport, top);
      expect(at).toBeGreaterThan(before);
      before = at;
    }
  });
});

it("draws the lines in view and a few around", () => {
  expect(rowsAt(100.5, 180, 1000)).toEqual([90, 121]);
  expect(rowsAt(0, 180, 5)).toEqual([0, 5]);
  expect(rowsAt(0, 180, 0)).toEqual([0, 0]);
});

it("turns of the wheel are pixels, lines or pages", () => {
  expect(wheelLines({ deltaY: 36, deltaMode: 0 }, 500)).toBe(2);
  expect(wheelLines({ deltaY: -3, deltaMode: 1 }, 500)).toBe(-3);
  expect(wheelLines({ deltaY: 1, deltaMode: 2 }, 540)).toBe(30);
});
