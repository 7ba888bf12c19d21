import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore, type ClipboardEvent, type KeyboardEvent, type MouseEvent, type ReactNode } from "react";
import { type LogLevelFilter, type LogLine, type LogPatternText, type LogPlace, type LogSummary, readLines } from "../api/log";
import { count as countText } from "../base/format";
import { useKeys } from "../base/keys";
import { usePreferences } from "../base/preferences";
import { Button, ErrorState, showToast } from "../ui";
import { LogFollower } from "./follow";
import type { LogFinder, Place } from "./finder";
import { HitMap } from "./HitMap";
import { LineDetail } from "./LineDetail";
import { LogRow, type TimeColumn } from "./LogRow";
import { LogSearchBar } from "./LogSearchBar";
import { LogToolbar } from "./LogToolbar";
import type { LogUrlPatch } from "./LogView";
import { ROW, rowsAt } from "./scroll";
import { type LineRange, MOST_COPIED, readSelection, selectionIn, textHere, type TextSelection } from "./selection";
import { LogStore } from "./store";
import { useFinder } from "./useFinder";
import { useScroll } from "./useScroll";

const TIME_KEY = "sje.log.time";
// Rows keep their place in a layer that moves; its origin changes once in so many lines, for browsers do not take large numbers well.
const ORIGIN = 1_000;
// A row that holds an end of the selection stays, but far out of the way.
const AWAY = 4_000;
const GUTTER_CH = 24;

interface LogPaneProps {
  place: LogPlace & { task: string; attempt: number };
  summary: LogSummary;
  line: number | undefined;
  level: LogLevelFilter | undefined;
  q: string;
  qmode: string;
  onChange(patch: LogUrlPatch): void;
  onFollowing(following: boolean): void;
  onEnded(): void;
  notice: ReactNode;
}

/** The lines of one attempt, with all that can be done with them. */
export function LogPane({ place, summary, line, level, q, qmode, onChange, onFollowing, onEnded, notice }: LogPaneProps) {
  const root = useRef<HTMLElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const { zone } = usePreferences();
  const [time, setTime] = useState<TimeColumn>(readTime);
  const [store, setStore] = useState<LogStore>();
  const [lines, setLines] = useState(summary.lines);
  const [following, setFollowing] = useState(!summary.ended && line === undefined);
  const [seen, setSeen] = useState(0);
  const [cursor, setCursor] = useState(line);
  const [picked, setPicked] = useState<PickedLines>();
  const range = picked && spanOf(picked);
  const [pinned, setPinned] = useState<LineRange>();
  const [detail, setDetail] = useState<number>();
  const [isSearching, setSearching] = useState(q !== "");
  const [rank, setRank] = useState<number>();
  const [said, setSaid] = useState("");
  const known = useRef({ lines: summary.lines, store, wantsJump: false, prepared: undefined as { key: string; text: string } | undefined, top: 1, moves: 0, cursor, steps: Promise.resolve() });
  known.current.cursor = cursor;
  const { executionId, task, attempt } = place;
  const firstLine = summary.firstLine;

  // The lines: a store of its own for each level.
  useEffect(() => {
    const here = { executionId, task, attempt };
    const next = new LogStore(here, level, firstLine, level ? countOf(summary, level) : known.current.lines);
    known.current.store = next;
    setStore(next);
    setPicked(undefined);
    if (level && !summary.ended) void next.grow();
    return () => next.close();
    // The summary is only where it starts from: the store learns the rest by itself.
  }, [executionId, task, attempt, firstLine, level]);
  const version = useSyncExternalStore(store?.subscribe ?? subscribeToNothing, store?.version ?? zero);
  const total = store?.count ?? 0;

  // What comes live.
  const live = useRef({ onEnded });
  useEffect(() => {
    live.current = { onEnded };
  });
  useEffect(() => {
    if (summary.ended) return;
    const follower = new LogFollower({ executionId, task, attempt }, firstLine + known.current.lines, {
      lines(came) {
        const last = came.at(-1) as LogLine;
        known.current.lines = Math.max(known.current.lines, last.number - firstLine + 1);
        setLines(known.current.lines);
        known.current.store?.append(came);
      },
      ended() {
        // It still follows: the last lines come with the end, and after a retry the next attempt may.
        setSaid("The attempt has ended: the log is complete.");
        live.current.onEnded();
      },
    });
    return () => follower.stop();
    // Whether it had ended when it was opened: from then on the follower knows.
  }, [executionId, task, attempt, firstLine]);
  useEffect(() => {
    if (summary.lines > known.current.lines) {
      known.current.lines = summary.lines;
      setLines(summary.lines);
      void known.current.store?.grow();
    }
  }, [summary.lines]);
  useEffect(() => onFollowing(following), [following, onFollowing]);

  const isLive = !summary.ended;
  const scroll = useScroll(scroller, total, (atEnd, up) => {
    known.current.moves++;
    if (isLive && atEnd && !up) setFollowing(true);
    else if (up && following) {
      setFollowing(false);
      setSeen(total);
      setSaid("Following has stopped.");
    }
  });
  const { position, viewport, space, to, show } = scroll;
  useLayoutEffect(() => {
    if (following) to(Number.MAX_SAFE_INTEGER);
  }, [following, total, viewport, to]);

  // The lines in view, those around, and the rows that hold the ends of the selection.
  const [first, end] = rowsAt(position, viewport, total);
  useEffect(() => {
    if (viewport > 0) store?.want(first, end);
  }, [store, first, end, viewport, version]);
  useEffect(() => {
    known.current.top = store?.row(Math.ceil(position))?.number ?? (level ? known.current.top : firstLine + Math.ceil(position));
  }, [store, position, level, firstLine, version]);

  const goToLine = useCallback(
    async (target: number, always = false) => {
      const from = known.current.store;
      if (!from) return;
      setFollowing(false);
      const move = ++known.current.moves;
      const index = await from.indexOf(target);
      // Somebody has gone elsewhere meanwhile.
      if (move === known.current.moves && from === known.current.store) show(Math.min(Math.max(index, 0), Math.max(0, from.count - 1)), always);
    },
    [show],
  );

  // Where it opens, and where it stays when the level changes.
  const opened = useRef<LogStore | undefined>(undefined);
  useEffect(() => {
    if (!store || viewport === 0 || opened.current === store) return;
    const isFirst = opened.current === undefined;
    opened.current = store;
    if (following && isFirst) return;
    const failed = summary.attempts.find((each) => each.attempt === attempt)?.outcome;
    const wanted = isFirst ? (line ?? (failed && failed !== "succeeded" ? (summary.firstErrorLine ?? summary.endLine - 1) : undefined)) : (cursor ?? known.current.top);
    if (wanted !== undefined) void goToLine(wanted, true);
  }, [store, viewport, following, line, cursor, summary, attempt, goToLine]);

  // The address may be changed by others, and by us a little later.
  const told = useRef(line);
  useEffect(() => {
    if (line === told.current) return;
    told.current = line;
    setCursor(line);
    if (line !== undefined) void goToLine(line, true);
  }, [line, goToLine]);
  const patch = useRef(onChange);
  useEffect(() => {
    patch.current = onChange;
  });
  useEffect(() => {
    if (cursor === told.current) return;
    const timer = setTimeout(() => {
      told.current = cursor;
      patch.current({ line: cursor });
    }, 250);
    return () => clearTimeout(timer);
  }, [cursor]);

  // Search.
  const pattern = useMemo<LogPatternText>(() => ({ q: isSearching ? q : "", regex: qmode.includes("r"), ignoreCase: !qmode.includes("c") }), [isSearching, q, qmode]);
  const goToHit = useCallback(
    (found: Place | undefined) => {
      if (!found) return;
      setRank(found.rank);
      setCursor(found.hit.number);
      known.current.cursor = found.hit.number;
      setSaid(`Match ${found.rank}, line ${found.hit.number}.`);
      void goToLine(found.hit.number);
      reveal(scroller.current, found.hit.column);
    },
    [goToLine],
  );
  const searchHere = useMemo(() => ({ executionId, task, attempt }), [executionId, task, attempt]);
  const finding = useFinder(searchHere, level, pattern, firstLine + lines, (finder: LogFinder) => {
    if (!known.current.wantsJump) return;
    known.current.wantsJump = false;
    void finder.next(known.current.top - 1).then(goToHit, ignore);
  });
  useEffect(() => setRank(undefined), [pattern, level]);
  useEffect(() => {
    if (q !== "") setSearching(true);
  }, [q]);
  useEffect(() => {
    const [from, upTo] = [store?.row(first)?.number, store?.row(end - 1)?.number];
    if (from !== undefined && upTo !== undefined) finding.see(from, upTo);
  }, [store, first, end, version, finding]);
  const setPattern = (next: LogPatternText) => {
    known.current.wantsJump = true;
    onChange({ q: next.q || undefined, qmode: `${next.regex ? "r" : ""}${next.ignoreCase ? "" : "c"}` || undefined });
  };
  // One after the other, each from where the one before has led: a key may be pressed faster than the server answers.
  const step = (back: boolean) => {
    const finder = isSearching ? finding.finder : undefined;
    known.current.steps = known.current.steps
      .then(async () => {
        const from = known.current.cursor ?? (back ? known.current.top : known.current.top - 1);
        if (finder) {
          goToHit(await (back ? finder.previous(from) : finder.next(from)));
          return;
        }
        const found = await nextError(searchHere, from, back);
        if (found === undefined) setSaid(back ? "No error before." : "No further error.");
        else select(found);
      })
      .catch(ignore);
  };
  const closeSearch = () => {
    setSearching(false);
    onChange({ q: undefined, qmode: undefined });
    scroller.current?.focus();
  };

  const select = (number: number | undefined) => {
    setCursor(number);
    known.current.cursor = number;
    setPicked(undefined);
    if (number !== undefined) void goToLine(number);
  };
  const onNumber = useCallback((number: number, event: MouseEvent) => {
    const index = Number((event.currentTarget as HTMLElement).closest<HTMLElement>("[data-index]")?.dataset["index"]);
    if (event.shiftKey) {
      setPicked((before) => ({ anchor: before?.anchor ?? index, head: index }));
      getSelection()?.removeAllRanges();
    } else {
      setCursor(number);
      setPicked({ anchor: index, head: index });
    }
    setFollowing(false);
  }, []);

  // The selection: its ends stay drawn, and what is not here is read before it is copied.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onSelection = () => {
      const element = scroller.current;
      const selection = getSelection();
      if (!element || !selection?.anchorNode || !element.contains(selection.anchorNode)) {
        setPinned(undefined);
        return;
      }
      if (!selection.isCollapsed) setPicked(undefined);
      const ends = [selection.anchorNode, selection.focusNode].map((node) => indexOfNode(node)).filter((index) => index !== undefined);
      const next = ends.length > 0 ? { first: Math.min(...ends), last: Math.max(...ends) } : undefined;
      setPinned((before) => (before?.first === next?.first && before?.last === next?.last ? before : next));
      clearTimeout(timer);
      timer = setTimeout(() => prepare(), 150);
    };
    const prepare = () => {
      const from = known.current.store;
      const selected = scroller.current && selectionIn(scroller.current);
      if (!from || !selected || selected.last - selected.first >= MOST_COPIED || textHere(from, selected) !== undefined) return;
      void readSelection(from.place, from.level, selected, (index) => numberAt(from, index)).then((text) => {
        known.current.prepared = { key: keyOf(selected), text };
      }, ignore);
    };
    document.addEventListener("selectionchange", onSelection);
    return () => {
      document.removeEventListener("selectionchange", onSelection);
      clearTimeout(timer);
    };
  }, []);
  const selected = (): TextSelection | undefined =>
    (scroller.current ? selectionIn(scroller.current) : undefined) ?? (range && { ...range, startOffset: 0, endOffset: undefined });
  const onCopy = (event: ClipboardEvent) => {
    const wanted = selected();
    if (!store || !wanted) return;
    event.preventDefault();
    const many = wanted.last - wanted.first + 1;
    if (many > MOST_COPIED) {
      showToast({ text: `${countText(many)} lines are more than a clipboard takes. Download the log instead.`, tone: "failed", seconds: 8 });
      return;
    }
    const text = textHere(store, wanted) ?? (known.current.prepared?.key === keyOf(wanted) ? known.current.prepared.text : undefined);
    if (text !== undefined) {
      event.clipboardData.setData("text/plain", text);
      if (many > 1) showToast({ text: `Copied ${countText(many)} lines.`, tone: "success", seconds: 3 });
      return;
    }
    void readSelection(place, level, wanted, (index) => numberAt(store, index))
      .then(async (read) => {
        known.current.prepared = { key: keyOf(wanted), text: read };
        await navigator.clipboard.writeText(read);
        showToast({ text: `Copied ${countText(many)} lines.`, tone: "success", seconds: 3 });
      })
      // Without a secure connection only the copy itself may write: by then the text is here.
      .catch(() => showToast({ text: `${countText(many)} lines are ready: copy once more.`, seconds: 8 }));
  };

  const page = Math.max(1, viewport / ROW - 2);
  const moveCursor = (delta: number, extend: boolean) => {
    if (!store) return;
    const here = picked?.head ?? (cursor !== undefined && !level ? cursor - firstLine : Math.ceil(position));
    const index = Math.min(Math.max(here + delta, 0), total - 1);
    setPicked((before) => ({ anchor: extend ? (before?.anchor ?? here) : index, head: index }));
    const number = level ? store.row(index)?.number : firstLine + index;
    if (number !== undefined && !extend) setCursor(number);
    setFollowing(false);
    if (index < position + 1 || index > position + page) to(index < position + 1 ? index : index - page);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const ctrl = event.ctrlKey || event.metaKey;
    const keys: Record<string, (() => void) | undefined> = ctrl
      ? { a: () => setPicked({ anchor: 0, head: total - 1 }), Home: () => scroll.by(-Infinity), End: () => scroll.by(Infinity) }
      : {
          ArrowDown: () => moveCursor(1, event.shiftKey),
          ArrowUp: () => moveCursor(-1, event.shiftKey),
          PageDown: () => scroll.by(page),
          PageUp: () => scroll.by(-page),
          Home: () => scroll.by(-Infinity),
          End: () => scroll.by(Infinity),
          Enter: cursor !== undefined ? () => setDetail(cursor) : undefined,
          Escape: detail !== undefined ? () => setDetail(undefined) : picked || cursor !== undefined ? () => select(undefined) : undefined,
        };
    const run = keys[event.key];
    if (!run || event.altKey || event.target !== scroller.current) return;
    event.preventDefault();
    run();
  };
  const toggleFollow = () => {
    if (!isLive) return;
    setSeen(total);
    setFollowing(!following);
    setSaid(following ? "Following has stopped." : "Following.");
  };
  const firstError = () => summary.firstErrorLine != null && select(summary.firstErrorLine);
  useKeys("Log", [
    { key: "e", help: "First error", run: firstError },
    { key: "n", help: "Next match, or next error", run: () => step(false) },
    { key: "Shift+n", help: "Match or error before", run: () => step(true) },
    { key: "f", help: "Follow", run: toggleFollow },
    { key: "g g", help: "First line", run: () => scroll.by(-Infinity) },
    { key: "Shift+g", help: "Last line", run: () => scroll.by(Infinity) },
    { key: "Ctrl+f", help: "Find in log; once more: the browser's search", run: () => setSearching(true) },
  ]);
  useFindKey(root, () => setSearching(true));

  const widest = useRef(0);
  const indexes = rowIndexes(first, end, pinned);
  const origin = Math.floor(position / ORIGIN) * ORIGIN;
  const rows = indexes.map((index) => {
    const row = store?.row(index);
    if (row) widest.current = Math.max(widest.current, row.text.length + (row.fullLength != null ? 30 : 0));
    const isAway = index < first || index >= end;
    return (
      <LogRow
        key={index}
        index={index}
        line={row}
        before={time === "delta" ? store?.row(index - 1)?.at : undefined}
        y={isAway ? (index < first ? -AWAY : AWAY) + (position - origin) * ROW : (index - origin) * ROW}
        marks={row && finding.marksOf(row)}
        isCurrent={row !== undefined && row.number === cursor}
        isSelected={range !== undefined && range.last > range.first && index >= range.first && index <= range.last}
        time={time}
        zone={zone}
        onNumber={onNumber}
        onMore={setDetail}
      />
    );
  });

  const fresh = total - seen;
  return (
    <section className="log" ref={root} aria-label={`Log of ${task}, attempt ${attempt}`}>
      <LogToolbar
        place={place}
        summary={summary}
        lines={lines}
        level={level}
        onLevel={(next) => onChange({ level: next })}
        onAttempt={(next) => onChange({ attempt: next, line: undefined })}
        time={time}
        onTime={(next) => {
          setTime(next);
          keepTime(next);
        }}
        following={following}
        onFollow={toggleFollow}
        onSearch={() => setSearching(true)}
        onFirstError={firstError}
      />
      {isSearching && (
        <LogSearchBar
          pattern={{ ...pattern, q }}
          onPattern={setPattern}
          error={finding.error}
          total={finding.found?.total}
          complete={finding.found?.complete ?? false}
          rank={rank}
          onNext={() => step(false)}
          onPrevious={() => step(true)}
          onClose={closeSearch}
        />
      )}
      {notice && <div className="log-notice">{notice}</div>}
      {store?.error && <ErrorState error={store.error} title="Some lines could not be loaded" onRetry={() => store.retry(first, end)} />}
      <div className="log-body">
        <div
          ref={scroller}
          className="log-scroll"
          tabIndex={0}
          role="region"
          aria-label={`${countText(total)} lines`}
          data-total={total}
          onScroll={scroll.onScroll}
          onKeyDown={onKeyDown}
          onCopy={onCopy}
        >
          <div className="log-space" style={{ height: space.height, minWidth: `${widest.current + GUTTER_CH}ch` }}>
            <div className="log-window" style={{ height: viewport }}>
              <div className="log-layer" style={{ transform: `translateY(${-(position - origin) * ROW}px)` }}>
                {rows}
              </div>
            </div>
          </div>
        </div>
        {isSearching && finding.found && finding.found.total > 0 && (
          <HitMap
            buckets={finding.found.buckets}
            bucketLines={finding.found.bucketLines}
            lines={Math.max(lines, finding.found.endLine - 1)}
            current={cursor}
            onGo={(target) => void finding.finder?.next(target - 1).then(goToHit, ignore)}
          />
        )}
        {total === 0 && (
          <p className="log-none muted">{level ? "No such line so far." : (summary.missingDetail ?? "Nothing has been written so far.")}</p>
        )}
        {isLive && !following && fresh > 0 && seen > 0 && (
          <Button
            className="log-fresh"
            icon="down"
            onClick={() => {
              setFollowing(true);
              scroller.current?.focus();
            }}
          >
            {countText(fresh)} new
          </Button>
        )}
        {range && range.last > range.first && <p className="log-picked">{countText(range.last - range.first + 1)} lines selected · Ctrl C copies them</p>}
      </div>
      {detail !== undefined && (
        <LineDetail
          place={place}
          number={detail}
          onClose={() => {
            setDetail(undefined);
            scroller.current?.focus();
          }}
        />
      )}
      <p className="visually-hidden" role="status">
        {said}
      </p>
    </section>
  );
}

const subscribeToNothing = () => () => {};
const zero = () => 0;
const ignore = () => {};

function readTime(): TimeColumn {
  try {
    const kept = localStorage.getItem(TIME_KEY);
    return kept === "clock" || kept === "none" ? kept : "delta";
  } catch {
    return "delta";
  }
}

function keepTime(time: TimeColumn): void {
  try {
    localStorage.setItem(TIME_KEY, time);
  } catch {
    // Then it holds for this page only.
  }
}

function countOf({ levels }: LogSummary, level: LogLevelFilter): number {
  if (level === "stderr") return levels.stderr;
  const grave = ["error", "warn", "info", "debug"] as const;
  return grave.slice(0, grave.indexOf(level) + 1).reduce((sum, each) => sum + levels[each], 0);
}

/** The next line that is an error, or the one before; undefined where there is none. */
async function nextError(place: LogPlace, from: number, back: boolean): Promise<number | undefined> {
  const after = await readLines(place, { level: "error", line: from + (back ? 0 : 1), count: 1 });
  if (!back) return after.items[0]?.number;
  const rank = (after.firstRank ?? 1) - 1;
  return rank < 1 ? undefined : (await readLines(place, { level: "error", from: rank, count: 1 })).items[0]?.number;
}

async function numberAt(store: LogStore, index: number): Promise<number> {
  if (!store.level) return store.firstLine + index;
  const here = store.row(index);
  return here ? here.number : ((await readLines(store.place, { level: store.level, from: index + 1, count: 1 })).items[0]?.number ?? 0);
}

/** Whole lines that are picked, from the one where it began to the one where it is now. */
interface PickedLines {
  anchor: number;
  head: number;
}

function spanOf({ anchor, head }: PickedLines): LineRange {
  return { first: Math.min(anchor, head), last: Math.max(anchor, head) };
}

function indexOfNode(node: Node | null): number | undefined {
  const element = node instanceof Element ? node : node?.parentElement;
  const index = element?.closest<HTMLElement>("[data-index]")?.dataset["index"];
  return index === undefined ? undefined : Number(index);
}

function keyOf({ first, last, startOffset, endOffset }: TextSelection): string {
  return [first, startOffset, last, endOffset].join(":");
}

function rowIndexes(first: number, end: number, pinned: LineRange | undefined): number[] {
  const indexes: number[] = [];
  if (pinned && pinned.first < first) indexes.push(pinned.first);
  if (pinned && pinned.last < first && pinned.last !== pinned.first) indexes.push(pinned.last);
  for (let index = first; index < end; index++) indexes.push(index);
  if (pinned && pinned.first >= end) indexes.push(pinned.first);
  if (pinned && pinned.last >= end && pinned.last !== pinned.first) indexes.push(pinned.last);
  return indexes;
}

/** Scrolls sideways so that a column is in view. */
function reveal(element: HTMLElement | null, column: number): void {
  if (!element) return;
  const character = 7.25;
  const x = (column + GUTTER_CH) * character;
  if (x < element.scrollLeft + GUTTER_CH * character || x > element.scrollLeft + element.clientWidth - 40) {
    element.scrollLeft = column < 60 ? 0 : x - element.clientWidth / 2;
  }
}

/** Ctrl F in the log opens its own search; pressed again there, it is the browser's. */
function useFindKey(root: React.RefObject<HTMLElement | null>, open: () => void): void {
  const latest = useRef(open);
  useEffect(() => {
    latest.current = open;
  });
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== "f") return;
      // The list of keys names it, but only here it is known whose search is meant.
      event.stopImmediatePropagation();
      const active = document.activeElement;
      const input = root.current?.querySelector<HTMLInputElement>(".log-search input");
      const isMine = !active || active === document.body || root.current?.contains(active) === true;
      if (!isMine || (input && active === input)) return;
      event.preventDefault();
      if (input) input.select();
      input?.focus();
      latest.current();
    };
    document.addEventListener("keydown", onKey, { capture: true });
    return () => document.removeEventListener("keydown", onKey, { capture: true });
  }, [root]);
}
