import { type RefObject, useCallback, useLayoutEffect, useState } from "react";

/** Which rows of a scrolled list are to be drawn: from the first to before the last. */
export interface RowWindow {
  from: number;
  to: number;
  /** Brings a row into view, and no further than needed. */
  reveal(row: number): void;
}

/** The rows in view of a list whose rows are all of one height, and some more at either end. */
export function useWindow(scroller: RefObject<HTMLElement | null>, count: number, rowHeight: number, more = 6): RowWindow {
  const [place, setPlace] = useState({ top: 0, height: 0 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const look = () => setPlace({ top: element.scrollTop, height: element.clientHeight });
    look();
    element.addEventListener("scroll", look, { passive: true });
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      sizes.disconnect();
    };
  }, [scroller]);

  const reveal = useCallback(
    (row: number) => {
      const element = scroller.current;
      if (!element) return;
      const top = row * rowHeight;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top + rowHeight > element.scrollTop + element.clientHeight)
        element.scrollTop = top + rowHeight - element.clientHeight;
    },
    [scroller, rowHeight],
  );

  return {
    from: Math.max(0, Math.min(count, Math.floor(place.top / rowHeight) - more)),
    to: Math.min(count, Math.ceil((place.top + place.height) / rowHeight) + more),
    reveal,
  };
}
