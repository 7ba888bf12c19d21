import { useEffect, useState, type CSSProperties } from "react";
import * as format from "../base/format";
import { usePreferences } from "../base/preferences";
import { Button, IconButton, PageLink } from "./Button";
import { StateIcon } from "./StateMark";
import { lookOf } from "./states";

const tick = { listeners: new Set<() => void>(), timer: undefined as ReturnType<typeof setInterval> | undefined };

/** The time of now, anew every second while the component is there and the tab is seen. */
export function useNow(running = true): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    if (!running) return;
    const listener = () => {
      if (!document.hidden) setNow(new Date());
    };
    tick.listeners.add(listener);
    tick.timer ??= setInterval(() => {
      for (const each of tick.listeners) each();
    }, 1000);
    return () => {
      tick.listeners.delete(listener);
      if (tick.listeners.size === 0) {
        clearInterval(tick.timer);
        tick.timer = undefined;
      }
    };
  }, [running]);
  return now;
}

type Instant = string | Date | null | undefined;

function dateOf(at: Instant): Date | undefined {
  return at ? (typeof at === "string" ? new Date(at) : at) : undefined;
}

/**
 * An instant in the viewer's zone; hover (and focus, if it is `focusable`) gives UTC and how long ago.
 * @param show `relative` writes "3 s ago" and keeps it true
 */
export function Time({
  at,
  show = "short",
  focusable = false,
  none = "–",
}: {
  at: Instant;
  show?: "short" | "full" | "time" | "relative";
  focusable?: boolean;
  none?: string;
}) {
  const { zone } = usePreferences();
  const now = useNow(show === "relative");
  const date = dateOf(at);
  if (!date) return <span className="muted">{none}</span>;
  const text = show === "relative" ? format.relative(date, now) : format.instant(date, zone, show);
  const title = `${format.instant(date, "utc", "full")} UTC · ${format.relative(date, new Date())}`;
  return (
    <time dateTime={date.toISOString()} title={title} tabIndex={focusable ? 0 : undefined}>
      {text}
    </time>
  );
}

/** A length of time: `ms`, or between two instants; without an end it counts on. */
export function Duration({ ms, from, to, none = "–" }: { ms?: number | null; from?: Instant; to?: Instant; none?: string }) {
  const [start, end] = [dateOf(from), dateOf(to)];
  const now = useNow(ms == null && start !== undefined && end === undefined);
  const value = ms ?? (start ? Math.max(0, (end ?? now).getTime() - start.getTime()) : undefined);
  return value === undefined ? <span className="muted">{none}</span> : <span title={`${format.count(value)} ms`}>{format.duration(value)}</span>;
}

/** A number: whole in tables, `short` on cards with the exact one on hover. */
export function Count({ value, short = false, none = "–" }: { value: number | null | undefined; short?: boolean; none?: string }) {
  if (value == null) return <span className="muted">{none}</span>;
  const text = short ? format.shortCount(value) : format.count(value);
  const exact = format.count(value);
  return text === exact ? <span>{text}</span> : <span title={exact}>{text}</span>;
}

/** A size in KiB, MiB…; the exact one on hover. */
export function Bytes({ value, none = "–" }: { value: number | null | undefined; none?: string }) {
  return value == null ? <span className="muted">{none}</span> : <span title={`${format.count(value)} bytes`}>{format.bytes(value)}</span>;
}

/** Copies a text and says so. */
export function CopyButton({ text, label = "Copy", withText = false }: { text: string | (() => string | Promise<string>); label?: string; withText?: boolean }) {
  const [done, setDone] = useState<"copied" | "failed">();
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(undefined), 2000);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : await text());
      setDone("copied");
    } catch {
      setDone("failed");
    }
  };
  const said = done === "copied" ? "Copied" : done === "failed" ? "Copying is not allowed here" : label;
  const icon = done === "copied" ? "check" : "copy";
  return (
    <>
      {withText ? (
        <Button icon={icon} onClick={() => void copy()}>
          {said}
        </Button>
      ) : (
        <IconButton icon={icon} label={said} onClick={() => void copy()} />
      )}
      <span className="visually-hidden" role="status">
        {done ? said : ""}
      </span>
    </>
  );
}

/** How much of something is used: a bar with its words. */
export function Meter({ value, max, label, text, tone }: { value: number; max: number; label: string; text?: string; tone?: "accent" | "retrying" | "failed" }) {
  const share = max > 0 ? Math.min(1, Math.max(0, value / max)) : 0;
  return (
    <div className="meter">
      <div
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={max}
        aria-valuenow={Math.min(value, max)}
        aria-valuetext={text ?? `${format.count(value)} of ${format.count(max)}`}
        className="meter-bar"
      >
        <div className={`meter-fill meter-${tone ?? "accent"}`} style={{ "--share": `${share * 100}%` } as CSSProperties} />
      </div>
      <span className="meter-text">{text ?? `${format.count(value)} / ${format.count(max)}`}</span>
    </div>
  );
}

/** How far something is; without a total it only says that it goes on. */
export function Progress({ done, total, label }: { done: number; total?: number | null; label: string }) {
  return (
    <div className="meter">
      <div
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={total ?? undefined}
        aria-valuenow={total ? done : undefined}
        className="meter-bar"
      >
        <div className={`meter-fill meter-accent ${total ? "" : "meter-unknown"}`} style={{ "--share": total ? `${Math.min(100, (done / total) * 100)}%` : "30%" } as CSSProperties} />
      </div>
      <span className="meter-text">{total ? `${format.count(done)} / ${format.count(total)}` : format.count(done)}</span>
    </div>
  );
}

export interface TickRun {
  id: string;
  state: string;
  startedAt?: string | null;
  durationMs?: number | null;
}

/**
 * The last runs of a job, oldest first, each a small link with its state; height by how long it took. They are no stops of Tab: a thousand of
 * them in a list would be in the way, and the job's own page has the same runs, large and reachable by keys.
 */
export function Ticks({ runs, label }: { runs: readonly TickRun[]; label: string }) {
  const { zone, density } = usePreferences();
  // As high as a row of a table, so that rows stay apart.
  const room = { compact: 24, normal: 29, comfortable: 36 }[density];
  const longest = Math.max(1, ...runs.map((run) => run.durationMs ?? 0));
  if (runs.length === 0) return <span className="muted">No runs yet</span>;
  return (
    <ul className="ticks" aria-label={label} style={{ height: room }}>
      {runs.map((run) => {
        const words = [
          lookOf(run.state).word,
          run.startedAt ? format.instant(new Date(run.startedAt), zone) : "",
          run.durationMs != null ? format.duration(run.durationMs) : "",
        ];
        const text = words.filter(Boolean).join(" · ");
        const height = 4 + Math.round((room - 16) * Math.sqrt((run.durationMs ?? 0) / longest));
        return (
          <li key={run.id}>
            <PageLink to={`/executions/${run.id}`} className={`tick state-${lookOf(run.state).tone}`} title={text} aria-label={text} tabIndex={-1}>
              <StateIcon state={run.state} size={10} />
              <span className="tick-bar" style={{ height }} />
            </PageLink>
          </li>
        );
      })}
    </ul>
  );
}
