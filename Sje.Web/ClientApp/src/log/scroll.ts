/** The height of a line, in CSS pixels. */
export const ROW = 18;

/** Firefox draws no element beyond some 17.9 M px, Chromium beyond 33.5 M. */
export const LARGEST = 8_000_000;

/** How a scroll bar of limited height stands for any number of lines. Positions are in lines, with fractions. */
export interface ScrollSpace {
  /** The height of what is scrolled. */
  height: number;
  /** The largest position: the last line is at the lower edge. */
  last: number;
  /** Whether a pixel of the bar is more than a pixel of lines. */
  isScaled: boolean;
}

/** The space for so many lines in a window so high. */
export function spaceOf(lines: number, viewport: number): ScrollSpace {
  const real = lines * ROW;
  return {
    height: Math.min(real, LARGEST),
    last: Math.max(0, (real - viewport) / ROW),
    isScaled: real > LARGEST,
  };
}

/** The position that a scroll offset means. */
export function positionOf(space: ScrollSpace, viewport: number, scrollTop: number): number {
  if (!space.isScaled) return clamp(scrollTop / ROW, space.last);
  const most = space.height - viewport;
  return most <= 0 ? 0 : clamp((scrollTop / most) * space.last, space.last);
}

/** The scroll offset that stands for a position. */
export function offsetOf(space: ScrollSpace, viewport: number, position: number): number {
  const at = clamp(position, space.last);
  if (!space.isScaled) return at * ROW;
  return space.last <= 0 ? 0 : (at / space.last) * (space.height - viewport);
}

/** The lines to draw at a position: from the first to before the end, a few more on either side. */
export function rowsAt(position: number, viewport: number, lines: number, around = 10): [first: number, end: number] {
  return [Math.max(0, Math.floor(position) - around), Math.min(lines, Math.ceil(position + viewport / ROW) + around)];
}

/** What a turn of the wheel moves, in lines: one to one, whatever the bar stands for. */
export function wheelLines(event: { deltaY: number; deltaMode: number }, viewport: number): number {
  if (event.deltaMode === 1) return event.deltaY;
  return (event.deltaMode === 2 ? event.deltaY * viewport : event.deltaY) / ROW;
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
