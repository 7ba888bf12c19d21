import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type LogPlace, readLines } from "../api/log";
import { count } from "../base/format";
import { CopyButton, ErrorState, IconButton, Skeleton, Time } from "../ui";
import { readLine } from "./ansi";

/** All of one line, wrapped: for what is too long for the list. JSON is laid out. */
export function LineDetail({ place, number, onClose }: { place: LogPlace; number: number; onClose(): void }) {
  const query = useQuery({
    queryKey: ["log-line", place.executionId, place.task, place.attempt, number],
    queryFn: ({ signal }) => readLines(place, { from: number, count: 1, whole: true }, signal),
    staleTime: Infinity,
  });
  const line = query.data?.items.find((item) => item.number === number);
  const text = useMemo(() => (line ? readLine(line.text).text : ""), [line]);
  const laidOut = useMemo(() => layOut(text), [text]);
  return (
    <section className="log-detail" aria-label={`Line ${number}`}>
      <header className="row">
        <strong>Line {count(number)}</strong>
        {line && (
          <>
            <Time at={line.at} show="full" focusable />
            <span>{line.stream}</span>
            {line.level && <span>{line.level}</span>}
            <span className="muted">{count(text.length)} characters</span>
          </>
        )}
        <span className="log-spring" />
        <CopyButton text={text} label="Copy line" />
        <IconButton icon="close" label="Close line" onClick={onClose} />
      </header>
      {query.error ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : line ? (
        <pre tabIndex={0}>{laidOut ?? text}</pre>
      ) : query.isPending ? (
        <Skeleton lines={3} />
      ) : (
        <p className="muted">There is no such line.</p>
      )}
    </section>
  );
}

/** JSON with a line for each value; undefined for what is none. */
function layOut(text: string): string | undefined {
  const start = text.search(/[{[]/);
  if (start < 0) return undefined;
  try {
    const value: unknown = JSON.parse(text.slice(start));
    return text.slice(0, start) + (start > 0 ? "\n" : "") + JSON.stringify(value, undefined, 2);
  } catch {
    return undefined;
  }
}
