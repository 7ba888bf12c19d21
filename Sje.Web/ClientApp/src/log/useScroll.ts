import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";
import { offsetOf, positionOf, ROW, type ScrollSpace, spaceOf, wheelLines } from "./scroll";

/** Where a log is scrolled to, in lines, and how to scroll it. */
export interface LogScroll {
  position: number;
  viewport: number;
  space: ScrollSpace;
  /** Scrolls to a position; by us, not by a person. */
  to(position: number): void;
  /** Scrolls so that a line is in the middle, unless it is well in view. */
  show(index: number, always?: boolean): void;
  onScroll(): void;
  /** Scrolls by lines as a person has asked. */
  by(lines: number): void;
}

/** Ties a scroll container to positions in lines. `onMoved` is told of every move that a person made. */
export function useScroll(ref: RefObject<HTMLDivElement | null>, lines: number, onMoved: (atEnd: boolean, up: boolean) => void): LogScroll {
  const [position, setPosition] = useState(0);
  const [viewport, setViewport] = useState(0);
  const now = useRef({ position: 0, viewport: 0, space: spaceOf(0, 0), expected: 0, onMoved });
  const space = spaceOf(lines, viewport);
  now.current.space = space;
  now.current.viewport = viewport;
  useEffect(() => {
    now.current.onMoved = onMoved;
  });

  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => setViewport(element.clientHeight);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);

  const set = useCallback(
    (wanted: number) => {
      const { space, viewport } = now.current;
      const at = Math.min(Math.max(wanted, 0), space.last);
      now.current.position = at;
      setPosition(at);
      const element = ref.current;
      if (!element) return;
      element.scrollTop = offsetOf(space, viewport, at);
      // What the browser made of it, rounded: the event of it is ours.
      now.current.expected = element.scrollTop;
    },
    [ref],
  );

  const moved = useCallback((before: number) => {
    const { position, space, onMoved } = now.current;
    onMoved(position >= space.last - 0.6, position < before);
  }, []);

  const by = useCallback(
    (delta: number) => {
      const before = now.current.position;
      set(before + delta);
      moved(before);
    },
    [set, moved],
  );

  const onScroll = useCallback(() => {
    const element = ref.current;
    if (!element || Math.abs(element.scrollTop - now.current.expected) < 1.5) return;
    const before = now.current.position;
    now.current.expected = element.scrollTop;
    now.current.position = positionOf(now.current.space, now.current.viewport, element.scrollTop);
    setPosition(now.current.position);
    moved(before);
  }, [ref, moved]);

  // More lines, or another window: the same line stays where it is.
  useLayoutEffect(() => {
    set(now.current.position);
  }, [lines, viewport, set]);

  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      if (event.ctrlKey || event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
      // As any page while a pixel of the bar is a pixel of lines; at an end the page around goes on.
      const { space, position } = now.current;
      if (!space.isScaled || (event.deltaY < 0 ? position <= 0 : position >= space.last)) return;
      event.preventDefault();
      by(wheelLines(event, now.current.viewport));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [ref, by]);

  const show = useCallback(
    (index: number, always = false) => {
      const { position, viewport } = now.current;
      const rows = viewport / ROW;
      const inView = index >= position + 1 && index <= position + rows - 3;
      if (always || !inView) set(index - rows / 2 + 0.5);
    },
    [set],
  );

  return { position, viewport, space, to: set, show, onScroll, by };
}
