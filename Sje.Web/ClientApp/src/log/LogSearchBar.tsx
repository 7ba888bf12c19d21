import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import type { LogPatternText } from "../api/log";
import { count } from "../base/format";
import { IconButton } from "../ui";

const TYPING_MS = 250;

/** The search of a log: text or regular expression, whatever the case or not, from hit to hit. */
export function LogSearchBar({
  pattern,
  onPattern,
  error,
  total,
  complete,
  rank,
  onNext,
  onPrevious,
  onClose,
}: {
  pattern: LogPatternText;
  onPattern(pattern: LogPatternText): void;
  error: string | undefined;
  total: number | undefined;
  complete: boolean;
  rank: number | undefined;
  onNext(): void;
  onPrevious(): void;
  onClose(): void;
}) {
  const [text, setText] = useState(pattern.q);
  const input = useRef<HTMLInputElement>(null);
  const latest = useRef({ pattern, onPattern });
  useEffect(() => {
    latest.current = { pattern, onPattern };
  });
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  useEffect(() => {
    if (text === latest.current.pattern.q) return;
    const timer = setTimeout(() => latest.current.onPattern({ ...latest.current.pattern, q: text }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      onClose();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (text !== pattern.q) onPattern({ ...pattern, q: text });
      else if (event.shiftKey) onPrevious();
      else onNext();
    }
  };

  const none = total === 0 && complete;
  return (
    <div className="log-search" role="search" aria-label="Search the log">
      <input
        ref={input}
        className="input mono"
        type="search"
        value={text}
        aria-label="Find in log"
        aria-invalid={error ? true : undefined}
        aria-describedby="log-found"
        placeholder="Find in all lines"
        autoComplete="off"
        spellCheck={false}
        maxLength={1000}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <button
        type="button"
        className="log-toggle mono"
        aria-pressed={!pattern.ignoreCase}
        aria-label="Match case"
        title="Match case"
        onClick={() => onPattern({ ...pattern, q: text, ignoreCase: !pattern.ignoreCase })}
      >
        Aa
      </button>
      <button
        type="button"
        className="log-toggle mono"
        aria-pressed={pattern.regex}
        aria-label="Regular expression"
        title="Regular expression"
        onClick={() => onPattern({ ...pattern, q: text, regex: !pattern.regex })}
      >
        .*
      </button>
      <IconButton icon="up" label="Previous match (Shift N)" onClick={onPrevious} reason={total ? undefined : "Nothing found"} />
      <IconButton icon="down" label="Next match (N)" onClick={onNext} reason={total ? undefined : "Nothing found"} />
      <span id="log-found" className={`log-found ${error || none ? "log-found-none" : "muted"}`} role="status">
        {error ?? (total === undefined ? "" : none ? "No match" : `${rank ? `${count(rank)} of ` : ""}${count(total)}${complete ? "" : "…"}`)}
      </span>
      <IconButton icon="close" label="Close search" onClick={onClose} />
    </div>
  );
}
