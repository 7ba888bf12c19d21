import { memo, useMemo, type MouseEvent } from "react";
import type { LogLine } from "../api/log";
import { duration, instant, type Zone } from "../base/format";
import { readLine, type StyledSpan } from "./ansi";
import { findLinks, type LinkRange } from "./links";
import { ROW } from "./scroll";

/** Which figure stands before each line. */
export type TimeColumn = "delta" | "clock" | "none";

/** A part of the visible text that a search has found. */
export interface Mark {
  start: number;
  end: number;
}

export interface LogRowProps {
  index: number;
  line: LogLine | undefined;
  /** When the line before was written; for the time between the two. */
  before: string | undefined;
  /** Its distance from the top of the window. */
  y: number;
  marks: readonly Mark[] | undefined;
  isCurrent: boolean;
  isSelected: boolean;
  time: TimeColumn;
  zone: Zone;
  onNumber(number: number, event: MouseEvent): void;
  onMore(number: number): void;
}

/** One line: its number, its time, its text. The text is only ever text: nothing of it becomes markup, style or an address that is not http. */
export const LogRow = memo(function LogRow(props: LogRowProps) {
  const { index, line, y } = props;
  return (
    <div
      className={`log-row ${line?.level ? `log-${line.level}` : ""} ${line ? `log-from-${line.stream}` : ""} ${props.isCurrent ? "log-current" : ""} ${props.isSelected ? "log-selected" : ""}`}
      data-index={index}
      data-line={line?.number}
      aria-current={props.isCurrent ? "true" : undefined}
      style={{ transform: `translateY(${y}px)`, height: ROW }}
    >
      {line ? <LineInside {...props} line={line} /> : <span className="log-coming" aria-hidden="true" />}
    </div>
  );
});

function LineInside({ line, before, marks, time, zone, onNumber, onMore }: LogRowProps & { line: LogLine }) {
  return (
    <>
      <a
        className="log-number"
        href={addressOfLine(line.number)}
        tabIndex={-1}
        aria-label={`Line ${line.number}`}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.button !== 0) return;
          event.preventDefault();
          onNumber(line.number, event);
        }}
      >
        {line.number}
      </a>
      {time !== "none" && (
        <span className="log-time" title={`${instant(new Date(line.at), zone, "full")} ${zone === "utc" ? "UTC" : ""}`}>
          {time === "clock" ? clockOf(line.at, zone) : since(before, line.at)}
        </span>
      )}
      <LineText text={line.text} marks={marks} />
      {line.fullLength != null && (
        <button type="button" className="log-more" tabIndex={-1} onClick={() => onMore(line.number)}>
          … {line.fullLength - line.text.length} more characters
        </button>
      )}
    </>
  );
}

const LineText = memo(function LineText({ text: raw, marks }: { text: string; marks: readonly Mark[] | undefined }) {
  const pieces = useMemo(() => {
    const { text, spans } = readLine(raw);
    return cut(text, spans, findLinks(text), marks ?? []);
  }, [raw, marks]);
  return (
    <span className="log-text">
      {pieces.map((piece, i) =>
        piece.href ? (
          <a key={i} href={piece.href} className={piece.classes} target="_blank" rel="noopener noreferrer">
            {piece.text}
          </a>
        ) : piece.isMark ? (
          <mark key={i} className={piece.classes}>
            {piece.text}
          </mark>
        ) : piece.classes ? (
          <span key={i} className={piece.classes}>
            {piece.text}
          </span>
        ) : (
          piece.text
        ),
      )}
    </span>
  );
});

/** A stretch of text that is drawn in one way. */
export interface Piece {
  text: string;
  classes: string;
  href: string | undefined;
  isMark: boolean;
}

/** Cuts a text where colours, links and marks begin and end. */
export function cut(text: string, spans: readonly StyledSpan[], links: readonly LinkRange[], marks: readonly Mark[]): Piece[] {
  if (spans.length === 0 && links.length === 0 && marks.length === 0) return text === "" ? [] : [{ text, classes: "", href: undefined, isMark: false }];
  const places = new Set([0, text.length]);
  for (const range of [...spans, ...links, ...marks]) {
    places.add(Math.min(range.start, text.length));
    places.add(Math.min(range.end, text.length));
  }
  const sorted = [...places].sort((a, b) => a - b);
  const at = <R extends { start: number; end: number }>(ranges: readonly R[], place: number) => ranges.find((range) => range.start <= place && place < range.end);
  const pieces: Piece[] = [];
  for (let i = 0; i + 1 < sorted.length; i++) {
    const [start, end] = [sorted[i] as number, sorted[i + 1] as number];
    pieces.push({
      text: text.slice(start, end),
      classes: at(spans, start)?.classes ?? "",
      href: at(links, start)?.href,
      isMark: at(marks, start) !== undefined,
    });
  }
  return pieces;
}

function addressOfLine(number: number): string {
  const url = new URL(location.href);
  url.searchParams.set("line", String(number));
  return url.pathname + url.search;
}

function clockOf(at: string, zone: Zone): string {
  const date = new Date(at);
  return `${instant(date, zone, "time")}.${String(date.getUTCMilliseconds()).padStart(3, "0")}`;
}

function since(before: string | undefined, at: string): string {
  if (before === undefined) return "";
  const ms = new Date(at).getTime() - new Date(before).getTime();
  return ms === 0 ? "·" : ms < 0 ? duration(ms) : `+${duration(ms)}`;
}
