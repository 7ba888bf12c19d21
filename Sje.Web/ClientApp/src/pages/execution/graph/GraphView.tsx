import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { duration } from "../../../base/format";
import { Button, IconButton } from "../../../ui/Button";
import { StateIcon } from "../../../ui/StateMark";
import { lookOf } from "../../../ui/states";
import type { Box } from "./collapse";
import { boxSize, type Layout, type Spot, type Way } from "./layout";
import { stateOf } from "./boxState";
import { nearest } from "./nearest";

/** Beyond this many boxes only those in view are drawn. */
const cullAbove = 150;
const smallest = 0.15;
const largest = 1.5;

interface View {
  x: number;
  y: number;
  scale: number;
}

/** Draws a graph that was laid out: drag to move, Ctrl and the wheel to zoom, arrow keys to go from box to box. */
export function GraphView({
  boxes,
  layout,
  focused,
  onFocus,
  onOpen,
}: {
  boxes: readonly Box[];
  layout: Layout;
  focused: string | undefined;
  onFocus(box: Box): void;
  onOpen(box: Box): void;
}) {
  const frame = useRef<SVGSVGElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [view, setView] = useState<View>({ x: 0, y: 0, scale: 1 });
  const byKey = useMemo(() => new Map(boxes.map((box) => [box.key, box])), [boxes]);
  const focusedKey = boxes.find((box) => box.tasks.some((task) => task.name === focused))?.key;

  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const watch = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  const fit = useCallback(() => setView(fitted(layout, size)), [layout, size]);
  const measured = size.width > 0;
  useEffect(() => {
    if (!measured) return;
    const whole = fitted(layout, size);
    const spot = layout.spots.find((one) => one.key === focusedKey);
    // A graph that fits is shown whole; of a bigger one the focused box is in the middle, legible.
    setView(whole.scale >= 0.6 || !spot ? whole : centred(spot, 0.8, size));
  }, [layout, measured]);

  const zoom = useCallback(
    (factor: number, at?: { x: number; y: number }) => {
      setView((before) => {
        const scale = Math.min(largest, Math.max(smallest, before.scale * factor));
        const centre = at ?? { x: size.width / 2, y: size.height / 2 };
        const ratio = scale / before.scale;
        return { scale, x: centre.x - (centre.x - before.x) * ratio, y: centre.y - (centre.y - before.y) * ratio };
      });
    },
    [size],
  );

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    // By hand, because React's own listener may not keep the page from scrolling.
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const place = element.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY / 300), { x: event.clientX - place.left, y: event.clientY - place.top });
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [zoom]);

  const drag = useDrag(setView);
  const onKeyDown = (event: KeyboardEvent<SVGGElement>, spot: Spot) => {
    const direction = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" }[event.key] as
      "left" | "right" | "up" | "down" | undefined;
    if (direction) {
      event.preventDefault();
      const next = nearest(layout.spots, spot, direction);
      const box = next && byKey.get(next.key);
      if (!next || !box) return;
      onFocus(box);
      setView((before) => (inView(next, before, size) ? before : centred(next, before.scale, size)));
      requestAnimationFrame(() => frame.current?.querySelector<SVGGElement>(`[data-box="${CSS.escape(next.key)}"]`)?.focus());
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      const box = byKey.get(spot.key);
      if (!box) return;
      if (box.tasks.length > 1) onOpen(box);
      else onFocus(box);
    }
  };

  const many = layout.spots.length > cullAbove;
  const spots = many ? layout.spots.filter((spot) => spot.key === focusedKey || inView(spot, view, size)) : layout.spots;
  const drawn = many ? new Set(spots.map((spot) => spot.key)) : undefined;
  const ways = drawn ? layout.ways.filter((way) => drawn.has(way.from) || drawn.has(way.to)) : layout.ways;
  const entry = focusedKey ?? layout.spots[0]?.key;

  return (
    <div className="xp-graph">
      <svg ref={frame} className="xp-graph-frame" role="group" aria-label="Task graph" {...drag}>
        <defs>
          <marker
            id="xp-arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="9"
            markerHeight="9"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0 0.5 8 4 0 7.500z" className="xp-edge-head" />
          </marker>
        </defs>
        <g transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
          {ways.map((way) => (
            <path
              key={`${way.from}→${way.to}`}
              d={pathOf(way)}
              className={way.from === focusedKey || way.to === focusedKey ? "xp-edge xp-edge-near" : "xp-edge"}
              markerEnd="url(#xp-arrow)"
            />
          ))}
          {spots.map((spot) => {
            const box = byKey.get(spot.key);
            if (!box) return null;
            return (
              <BoxMark
                key={spot.key}
                box={box}
                spot={spot}
                focused={spot.key === focusedKey}
                reachable={spot.key === entry}
                onClick={() => onFocus(box)}
                onDoubleClick={() => box.tasks.length > 1 && onOpen(box)}
                onKeyDown={(event) => onKeyDown(event, spot)}
              />
            );
          })}
        </g>
      </svg>
      <div className="xp-graph-tools">
        <IconButton icon="minus" label="Zoom out" onClick={() => zoom(1 / 1.25)} />
        <IconButton icon="plus" label="Zoom in" onClick={() => zoom(1.25)} />
        <Button tone="quiet" title="Show the whole graph" onClick={fit}>
          Fit
        </Button>
      </div>
      <p className="visually-hidden">Arrow keys go from box to box; Enter opens a group.</p>
    </div>
  );
}

function BoxMark({
  box,
  spot,
  focused,
  reachable,
  onClick,
  onDoubleClick,
  onKeyDown,
}: {
  box: Box;
  spot: Spot;
  focused: boolean;
  reachable: boolean;
  onClick(): void;
  onDoubleClick(): void;
  onKeyDown(event: KeyboardEvent<SVGGElement>): void;
}) {
  const { state, words } = stateOf(box);
  const only = box.tasks.length === 1 ? box.tasks[0] : undefined;
  const took =
    only?.startedAt && only.finishedAt ? duration(Date.parse(only.finishedAt) - Date.parse(only.startedAt)) : undefined;
  const tone = lookOf(state).tone;
  const below = took ? `${words} · ${took}` : words;
  return (
    <g
      transform={`translate(${spot.x} ${spot.y})`}
      role="button"
      tabIndex={reachable ? 0 : -1}
      aria-label={`${box.label} ${below}`}
      aria-pressed={focused}
      data-box={box.key}
      data-task={only?.name}
      className={`xp-box state-${tone}${focused ? " xp-focused" : ""}`}
      onClick={onClick}
      onDoubleClick={onDoubleClick}
      onKeyDown={onKeyDown}
    >
      <title>{`${box.label} · ${words}`}</title>
      {!only && <rect className="xp-box-behind" x={4} y={4} width={boxSize.width} height={boxSize.height} rx={6} />}
      <rect className="xp-box-face" width={boxSize.width} height={boxSize.height} rx={6} />
      <rect className="xp-box-side" width={4} height={boxSize.height} rx={2} />
      <g transform="translate(12 8)">
        <StateIcon state={state} size={14} />
      </g>
      <foreignObject x={32} y={4} width={boxSize.width - 38} height={boxSize.height - 8}>
        <div className="xp-box-text">
          <span className="ellipsis">{box.label}</span>
          <span className="ellipsis muted">{below}</span>
        </div>
      </foreignObject>
    </g>
  );
}

function useDrag(setView: (change: (before: View) => View) => void) {
  const from = useRef<{ x: number; y: number; pointer: number } | undefined>(undefined);
  return {
    onPointerDown(event: PointerEvent<SVGSVGElement>) {
      if (event.button !== 0) return;
      from.current = { x: event.clientX, y: event.clientY, pointer: event.pointerId };
    },
    onPointerMove(event: PointerEvent<SVGSVGElement>) {
      const start = from.current;
      if (!start) return;
      const [dx, dy] = [event.clientX - start.x, event.clientY - start.y];
      // A click trembles; capturing then would take it from the box below.
      if (!event.currentTarget.hasPointerCapture(start.pointer)) {
        if (Math.hypot(dx, dy) < 4) return;
        event.currentTarget.setPointerCapture(start.pointer);
      }
      from.current = { ...start, x: event.clientX, y: event.clientY };
      setView((before) => ({ ...before, x: before.x + dx, y: before.y + dy }));
    },
    onPointerUp() {
      from.current = undefined;
    },
    onPointerCancel() {
      from.current = undefined;
    },
  };
}

function fitted(layout: Layout, size: { width: number; height: number }): View {
  const scale = Math.min(1, Math.max(smallest, Math.min(size.width / (layout.width || 1), size.height / (layout.height || 1))));
  return {
    scale,
    x: Math.max(0, (size.width - layout.width * scale) / 2),
    y: Math.max(0, (size.height - layout.height * scale) / 2),
  };
}

function centred(spot: Spot, scale: number, size: { width: number; height: number }): View {
  return {
    scale,
    x: size.width / 2 - (spot.x + boxSize.width / 2) * scale,
    y: size.height / 2 - (spot.y + boxSize.height / 2) * scale,
  };
}

function inView(spot: Spot, view: View, size: { width: number; height: number }): boolean {
  const left = spot.x * view.scale + view.x;
  const top = spot.y * view.scale + view.y;
  return left < size.width && top < size.height && left + boxSize.width * view.scale > 0 && top + boxSize.height * view.scale > 0;
}

function pathOf(way: Way): string {
  const [first, ...rest] = way.points;
  if (!first) return "";
  let before = first;
  let path = `M${first.x} ${first.y}`;
  for (const point of rest) {
    const middle = (before.x + point.x) / 2;
    path += `C${middle} ${before.y} ${middle} ${point.y} ${point.x} ${point.y}`;
    before = point;
  }
  return path;
}
