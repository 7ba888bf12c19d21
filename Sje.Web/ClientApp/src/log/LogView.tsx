import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { type LogLevelFilter, logLevels, readSummary } from "../api/log";
import { useLive } from "../live";
import { Button, EmptyState, ErrorState, Select, Skeleton } from "../ui";
import "./log.css";
import { LogPane } from "./LogPane";

/** What of a log stands in the address of the page. Undefined means: no longer. */
export interface LogUrlPatch {
  attempt?: number | undefined;
  line?: number | undefined;
  level?: string | undefined;
  q?: string | undefined;
  /** How `q` is meant: `r` a regular expression, `c` case counts, `rc` both. */
  qmode?: string | undefined;
}

export interface LogViewProps {
  executionId: string;
  /** Without a task the one most worth reading. */
  task?: string | undefined;
  /** Without an attempt the newest. */
  attempt?: number | undefined;
  line?: number | undefined;
  level?: string | undefined;
  q?: string | undefined;
  qmode?: string | undefined;
  /** The page puts the change into its address. */
  onChange?(patch: LogUrlPatch): void;
}

const COUNTS_MS = 4_000;
const NO_CHANGE = () => {};

/** The log of a task: a million lines as well as ten, live while it grows. */
export function LogView(props: LogViewProps) {
  return <LogOf key={`${props.executionId}/${props.task ?? ""}/${props.attempt ?? ""}`} {...props} />;
}

function LogOf({ executionId, task, attempt, line, level, q, qmode, onChange = NO_CHANGE }: LogViewProps) {
  // The attempt that is read stays the same when a newer one begins, until the reader has come to its end.
  const [held, setHeld] = useState<{ task: string; attempt: number }>();
  const [following, setFollowing] = useState(false);
  const place = { executionId, task: held?.task ?? task, attempt: attempt ?? held?.attempt };
  const query = useQuery({
    queryKey: ["log", executionId, place.task, place.attempt, "summary"],
    queryFn: ({ signal }) => readSummary(place, signal),
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    // Lines come live; how many of them say which level is asked now and then.
    refetchInterval: ({ state }) => (state.data && !state.data.ended ? COUNTS_MS : false),
  });
  const summary = query.data;
  const refetch = useThrottled(() => void query.refetch(), 1_000);
  useLive(["executions", "tasks"], (events, { caughtUp }) => {
    if (caughtUp || (!summary?.taskEnded && events.some((event) => event.executionId === executionId))) refetch();
  });

  // What has not begun is not held: it has no attempt yet.
  useEffect(() => {
    if (summary && !held && summary.attempt > 0) setHeld({ task: summary.task, attempt: summary.attempt });
  }, [summary, held]);
  const newest = summary?.attempts.at(-1)?.attempt ?? 0;
  const hasNewer = attempt === undefined && held !== undefined && newest > held.attempt;
  useEffect(() => {
    if (hasNewer && held && (following || summary?.missing)) setHeld({ ...held, attempt: newest });
  }, [hasNewer, held, following, newest, summary?.missing]);

  if (!summary) {
    return (
      <div className="log log-empty">
        {query.error ? <ErrorState error={query.error} onRetry={() => void query.refetch()} title="The log could not be loaded" /> : <Skeleton lines={12} />}
      </div>
    );
  }

  if (summary.missing && summary.missing !== "nothing_yet") {
    return (
      <div className="log log-empty">
        {summary.attempts.length > 1 && (
          <Select
            label="Attempt"
            value={String(summary.attempt)}
            options={summary.attempts.map((each) => ({ value: String(each.attempt), label: `Attempt ${each.attempt} · ${each.lines} lines` }))}
            onChange={(value) => onChange({ attempt: Number(value), line: undefined })}
          />
        )}
        <EmptyState title={summary.missing === "not_started" ? "No log yet" : "No log"}>{summary.missingDetail}</EmptyState>
      </div>
    );
  }

  return (
    <LogPane
      key={`${summary.task}/${summary.attempt}`}
      place={{ executionId, task: summary.task, attempt: summary.attempt }}
      summary={summary}
      line={line}
      level={logLevels.find((known): known is LogLevelFilter => known === level)}
      q={q ?? ""}
      qmode={qmode ?? ""}
      onChange={onChange}
      onFollowing={setFollowing}
      onEnded={() => void query.refetch()}
      notice={
        hasNewer && held ? (
          <Button onClick={() => setHeld({ ...held, attempt: newest })}>Attempt {newest} has begun: show it</Button>
        ) : null
      }
    />
  );
}

/** Calls at most once in so many milliseconds; the last call is made. */
function useThrottled(call: () => void, ms: number): () => void {
  const state = useRef<{ timer: ReturnType<typeof setTimeout> | undefined; call: () => void }>({ timer: undefined, call });
  useEffect(() => {
    state.current.call = call;
  });
  useEffect(() => {
    const held = state.current;
    return () => {
      clearTimeout(held.timer);
      held.timer = undefined;
    };
  }, []);
  return () => {
    state.current.timer ??= setTimeout(() => {
      state.current.timer = undefined;
      state.current.call();
    }, ms);
  };
}
