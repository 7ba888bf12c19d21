import { useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { useKeys, type KeyBinding } from "../base/keys";
import { usePreferences } from "../base/preferences";
import { Icon } from "./Icon";
import { ErrorState, useLate } from "./placeholders";

export interface Column<Row> {
  id: string;
  header: ReactNode;
  cell(row: Row): ReactNode;
  /** A track of a CSS grid: `120px`, `2fr`, `minmax(160px, 3fr)`. Default `1fr`. */
  width?: string;
  align?: "start" | "end";
  /** The server's name of this order; makes the heading a button. */
  sort?: string;
  /** Left out where the table is narrower than this many pixels. */
  above?: number;
}

export interface Sort {
  key: string;
  descending: boolean;
}

export interface DataTableProps<Row> {
  /** What the table holds, for screen readers. */
  label: string;
  /** Undefined while nothing has been loaded yet: then skeleton rows. */
  rows: readonly Row[] | undefined;
  columns: readonly Column<Row>[];
  rowKey(row: Row): string;
  /** Where Enter and a click on the row lead. */
  href?(row: Row): string;
  /** Instead of `href`: what Enter and a click do. */
  onOpen?(row: Row): void;
  /** Dims the rows while newer ones are read (give it `isPlaceholderData`, not every background refetch). */
  refetching?: boolean;
  /** Drawn above the rows that are kept. */
  error?: unknown;
  onRetry?(): void;
  /** What stands there when there are no rows. */
  empty?: ReactNode;
  sort?: Sort;
  onSort?(sort: Sort): void;
  /** Keys of the rows that are chosen for a bulk action; with `onSelect` there is a column of checkboxes. */
  selection?: ReadonlySet<string>;
  onSelect?(selection: Set<string>): void;
  /** The row that the page shows more of, marked. */
  current?: string;
  /** Called when the keyboard's row changes. */
  onFocusRow?(row: Row): void;
  /** More rows to read; asked for as the end comes near. */
  hasMore?: boolean;
  onMore?(): void;
  /** How many rows there are in all, where that is known. */
  total?: number;
  /** Single keys for the row that has the keyboard, such as `{ key: "r", help: "Retry", run: (row) => … }`. */
  rowKeys?: readonly { key: string; help: string; run(row: Row): void }[];
  /** Whether `j`, `k`, Enter and `x` go to this table from anywhere on the page. One table of a page; default true. */
  primary?: boolean;
  /** Height in CSS; default fills what the parent (a flex column) leaves. `auto` for short lists: all rows drawn, no scrolling of its own. */
  height?: string;
  /** Keeps the scroll place and the keyboard's row under this name for Back. */
  scrollName?: string;
  rowClass?(row: Row): string | undefined;
}

const SELECT_WIDTH = "32px";
const places = new Map<string, number>();
const lastActive = new Map<string, string>();

/**
 * A virtual table: draws what is seen, moves with j/k or arrows, opens with Enter, selects with x and Shift+x. Columns shrink with the table;
 * below 640 px it scrolls sideways.
 */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { rows, columns, rowKey, selection, onSelect, onMore, hasMore = false, primary = true, height, scrollName } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const navigate = useNavigate();
  const rowHeight = { compact: 26, normal: 32, comfortable: 40 }[usePreferences().density];
  const [active, setActive] = useState<string | undefined>(() => (scrollName ? lastActive.get(scrollName) : undefined));
  const [anchor, setAnchor] = useState<string>();
  const [width, setWidth] = useState(10_000);
  const count = rows?.length ?? 0;
  const all = height === "auto";

  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    getItemKey: (index) => (rows?.[index] === undefined ? index : rowKey(rows[index] as Row)),
    initialOffset: scrollName ? (places.get(scrollName) ?? 0) : 0,
    scrollPaddingStart: rowHeight,
  });

  useEffect(() => {
    virtual.measure();
  }, [rowHeight, virtual]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);

  // The place is known before the rows are: a list that was still empty could not be scrolled to it.
  const filled = count > 0;
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !scrollName || !filled || all) return;
    if (element.scrollTop === 0) element.scrollTop = places.get(scrollName) ?? 0;
    virtual.scrollToOffset(element.scrollTop);
  }, [scrollName, filled, all, virtual]);

  useEffect(() => {
    const element = scroller.current;
    if (!element || !scrollName) return;
    const keep = () => places.set(scrollName, element.scrollTop);
    element.addEventListener("scroll", keep, { passive: true });
    return () => element.removeEventListener("scroll", keep);
  }, [scrollName]);

  useEffect(() => {
    if (scrollName && active) lastActive.set(scrollName, active);
  }, [scrollName, active]);

  const items = all
    ? Array.from({ length: count }, (_, index) => ({ index, start: index * rowHeight, key: index as number | string | bigint }))
    : virtual.getVirtualItems();
  const lastDrawn = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (hasMore && count > 0 && lastDrawn >= count - 20) onMore?.();
  }, [hasMore, lastDrawn, count, onMore]);

  const activeIndex = rows?.findIndex((row) => rowKey(row) === active) ?? -1;

  const focus = useCallback(
    (index: number) => {
      const row = rows?.[Math.max(0, Math.min(count - 1, index))];
      if (row === undefined) return;
      const key = rowKey(row);
      setActive(key);
      props.onFocusRow?.(row);
      if (!all) virtual.scrollToIndex(Math.max(0, Math.min(count - 1, index)), { align: "auto" });
      // After the row has been drawn.
      requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: !all }));
    },
    [rows, count, rowKey, virtual, all, props],
  );

  const open = (row: Row) => {
    if (props.onOpen) props.onOpen(row);
    else if (props.href) {
      const [path, query] = props.href(row).split("?");
      void navigate({ to: path ?? "/", search: Object.fromEntries(new URLSearchParams(query)) as never });
    }
  };

  const select = (index: number, range: boolean) => {
    const row = rows?.[index];
    if (!rows || row === undefined || !onSelect) return;
    const next = new Set(selection);
    const from = range ? rows.findIndex((candidate) => rowKey(candidate) === anchor) : -1;
    if (from >= 0) {
      for (const each of rows.slice(Math.min(from, index), Math.max(from, index) + 1)) next.add(rowKey(each));
    } else {
      const key = rowKey(row);
      if (next.has(key)) next.delete(key);
      else next.add(key);
    }
    setAnchor(rowKey(row));
    onSelect(next);
  };

  const inside = () => scroller.current?.contains(document.activeElement) ?? false;
  const onRow = (run: (row: Row, index: number) => void) => () => {
    const row = rows?.[activeIndex];
    if (row !== undefined) run(row, activeIndex);
  };
  const keys: KeyBinding[] = [
    { key: "j", help: "Next row", run: () => focus(activeIndex + 1) },
    { key: "k", help: "Previous row", run: () => focus(activeIndex < 0 ? 0 : activeIndex - 1) },
    ...(props.href || props.onOpen ? [{ key: "Enter", help: "Open the row", run: onRow((row) => open(row)) }] : []),
    ...(onSelect
      ? [
          { key: "x", help: "Select the row", run: onRow((_, index) => select(index, false)) },
          { key: "Shift+x", help: "Select up to the row", run: onRow((_, index) => select(index, true)) },
        ]
      : []),
    ...(props.rowKeys ?? []).map((binding) => ({ key: binding.key, help: binding.help, run: onRow((row) => binding.run(row)) })),
  ];
  useKeys("List", keys, primary && count > 0);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement && event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const to = {
      ArrowDown: activeIndex + 1,
      ArrowUp: activeIndex - 1,
      Home: 0,
      End: count - 1,
      PageDown: activeIndex + 10,
      PageUp: activeIndex - 10,
    }[event.key];
    if (to !== undefined && inside() && !(event.target instanceof HTMLButtonElement)) {
      event.preventDefault();
      focus(to);
    } else if (!primary && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const binding = keys.find((candidate) => candidate.key === (event.shiftKey ? `Shift+${event.key.toLowerCase()}` : event.key));
      if (binding && event.target instanceof HTMLElement && event.target.getAttribute("role") === "row") {
        event.preventDefault();
        binding.run(event.nativeEvent);
      }
    }
  };

  const shown = columns.filter((column) => !column.above || width >= column.above);
  const tracks = [...(onSelect ? [SELECT_WIDTH] : []), ...shown.map((column) => column.width ?? "minmax(0, 1fr)")].join(" ");
  const everySelected = count > 0 && rows !== undefined && rows.every((row) => selection?.has(rowKey(row)));
  const offset = onSelect ? 1 : 0;
  const clickable = props.href !== undefined || props.onOpen !== undefined;

  return (
    <div className={`table ${all ? "table-auto" : ""}`} style={height && !all ? { height, flex: "none" } : undefined}>
      {props.error != null && <ErrorState error={props.error} onRetry={props.onRetry} />}
      <div
        ref={scroller}
        className="table-scroll"
        role="grid"
        aria-label={props.label}
        aria-rowcount={(props.total ?? (hasMore ? -2 : count)) + 1}
        aria-colcount={shown.length + offset}
        aria-busy={rows === undefined || props.refetching || undefined}
        aria-multiselectable={onSelect ? true : undefined}
        tabIndex={activeIndex < 0 ? 0 : -1}
        onKeyDown={onKeyDown}
        onFocus={(event) => {
          if (event.target === scroller.current && activeIndex < 0 && count > 0 && event.currentTarget.matches(":focus-visible")) focus(0);
        }}
      >
        <div role="rowgroup" className="table-head">
          <div role="row" className="table-row" aria-rowindex={1} style={{ gridTemplateColumns: tracks }}>
            {onSelect && (
              <div role="columnheader" aria-colindex={1}>
                <input
                  type="checkbox"
                  aria-label="Select all rows shown"
                  tabIndex={-1}
                  checked={everySelected}
                  onChange={() => onSelect(everySelected ? new Set() : new Set(rows?.map(rowKey)))}
                />
              </div>
            )}
            {shown.map((column, index) => {
              const mine = column.sort !== undefined && props.sort?.key === column.sort;
              return (
                <div
                  role="columnheader"
                  key={column.id}
                  aria-colindex={index + 1 + offset}
                  className={column.align === "end" ? "table-end" : undefined}
                  aria-sort={mine ? (props.sort?.descending ? "descending" : "ascending") : undefined}
                >
                  {column.sort !== undefined && props.onSort ? (
                    <button
                      type="button"
                      className="table-sort"
                      onClick={() => props.onSort?.({ key: column.sort as string, descending: mine ? !props.sort?.descending : true })}
                    >
                      {column.header}
                      {mine && <Icon name={props.sort?.descending ? "down" : "up"} size={12} />}
                    </button>
                  ) : (
                    column.header
                  )}
                </div>
              );
            })}
          </div>
        </div>
        {rows === undefined ? (
          props.error == null && <SkeletonRows columns={shown.length + offset} tracks={tracks} />
        ) : (
          <div role="rowgroup" className={`table-body ${props.refetching ? "table-dim" : ""}`} style={{ height: all ? undefined : virtual.getTotalSize() }}>
            {items.map((item) => {
              const row = rows[item.index];
              if (row === undefined) return null;
              const key = rowKey(row);
              const selected = selection?.has(key) ?? false;
              return (
                <div
                  role="row"
                  key={key}
                  data-key={key}
                  aria-rowindex={item.index + 2}
                  aria-selected={onSelect ? selected : undefined}
                  aria-current={props.current === key ? "true" : undefined}
                  tabIndex={key === active ? 0 : -1}
                  className={`table-row ${clickable ? "table-clickable" : ""} ${selected ? "table-selected" : ""} ${props.rowClass?.(row) ?? ""}`}
                  style={{ gridTemplateColumns: tracks, ...(all ? {} : { position: "absolute" as const, top: 0, insetInline: 0, transform: `translateY(${item.start}px)` }) }}
                  onFocus={() => setActive(key)}
                  onClick={(event) => {
                    if (event.target instanceof Element && event.target.closest("a, button, input, select, label, summary")) return;
                    if (String(getSelection() ?? "") !== "") return;
                    setActive(key);
                    if (clickable) open(row);
                  }}
                >
                  {onSelect && (
                    <div role="gridcell" aria-colindex={1}>
                      <input
                        type="checkbox"
                        aria-label="Select row"
                        tabIndex={-1}
                        checked={selected}
                        onChange={(event) => select(item.index, (event.nativeEvent as MouseEvent).shiftKey === true)}
                      />
                    </div>
                  )}
                  {shown.map((column, index) => (
                    <div role="gridcell" key={column.id} aria-colindex={index + 1 + offset} className={`table-cell ${column.align === "end" ? "table-end" : ""}`}>
                      {column.cell(row)}
                    </div>
                  ))}
                </div>
              );
            })}
          </div>
        )}
      </div>
      {rows !== undefined && count === 0 && <div className="table-empty">{props.empty}</div>}
    </div>
  );
}

function SkeletonRows({ columns, tracks }: { columns: number; tracks: string }) {
  const late = useLate();
  return (
    <div className={late ? undefined : "skeleton-early"} role="rowgroup">
      {Array.from({ length: 12 }, (_, row) => (
        <div key={row} role="row" className="table-row" style={{ gridTemplateColumns: tracks }}>
          {Array.from({ length: columns }, (__, column) => (
            <div key={column} role="gridcell">
              <div className="skeleton-line" style={{ width: `${40 + ((row * 7 + column * 13) % 50)}%`, height: 12 }} />
              <span className="visually-hidden">Loading</span>
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}
