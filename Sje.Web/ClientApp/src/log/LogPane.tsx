import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from "react";
import type { LogLevelFilter, LogPatternText, LogPlace, LogSummary } from "../api/log";
import { count as countText } from "../base/format";
import { useKeys } from "../base/keys";
import { usePreferences } from "../base/preferences";
import { Button, ErrorState } from "../ui";
import type { LogFinder, Place } from "./finder";
import { HitMap } from "./HitMap";
import { LineDetail } from "./LineDetail";
import { nextError } from "./lines";
import { LogRow } from "./LogRow";
import { LogSearchBar } from "./LogSearchBar";
import { LogToolbar } from "./LogToolbar";
import type { LogUrlPatch } from "./LogView";
import { ROW, rowsAt } from "./scroll";
import type { LineRange } from "./selection";
import type { LogStore } from "./store";
import { useFinder } from "./useFinder";
import { useFindKey } from "./useFindKey";
import { useLineInUrl } from "./useLineInUrl";
import { useLines } from "./useLines";
import { useLineSelection } from "./useLineSelection";
import { useScroll } from "./useScroll";
import { useTimeColumn } from "./useTimeColumn";

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
  const [time, setTime] = useTimeColumn();
  const [said, setSaid] = useState("");
  const { store, latest, version, total, lines } = useLines(place, summary, level, () => {
    setSaid("The attempt has ended: the log is complete.");
    onEnded();
  });
  const [following, setFollowing] = useState(!summary.ended && line === undefined);
  const [seen, setSeen] = useState(0);
  const [cursor, setCursor] = useState(line);
  const { picked, setPicked, range, pinned, onCopy } = useLineSelection(scroller, store, latest);
  const [detail, setDetail] = useState<number>();
  const [isSearching, setSearching] = useState(q !== "");
  const [rank, setRank] = useState<number>();
  const known = useRef({ wantsJump: false, top: 1, moves: 0, cursor, steps: Promise.resolve() });
  known.current.cursor = cursor;
  const { executionId, task, attempt } = place;
  const firstLine = summary.firstLine;

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
      const from = latest.current.store;
      if (!from) return;
      setFollowing(false);
      const move = ++known.current.moves;
      const index = await from.indexOf(target);
      // Somebody has gone elsewhere meanwhile.
      if (move === known.current.moves && from === latest.current.store) show(Math.min(Math.max(index, 0), Math.max(0, from.count - 1)), always);
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

  useLineInUrl(line, cursor, (target) => {
    setCursor(target);
    if (target !== undefined) void goToLine(target, true);
  }, onChange);

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
        onTime={setTime}
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

const ignore = () => {};

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
