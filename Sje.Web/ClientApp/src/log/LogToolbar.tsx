import { type LogLevelFilter, type LogPlace, type LogSummary, textAddress } from "../api/log";
import { count, shortCount } from "../base/format";
import { Button, Icon, IconButton, Select } from "../ui";
import type { TimeColumn } from "./LogRow";

const LEVELS: [LogLevelFilter, string, (summary: LogSummary) => number][] = [
  ["error", "Errors", ({ levels }) => levels.error],
  ["warn", "Warnings", ({ levels }) => levels.error + levels.warn],
  ["info", "Info", ({ levels }) => levels.error + levels.warn + levels.info],
  ["debug", "Debug", ({ levels }) => levels.error + levels.warn + levels.info + levels.debug],
  ["stderr", "stderr", ({ levels }) => levels.stderr],
];

/** What can be done with a log, above it. */
export function LogToolbar({
  place,
  summary,
  lines,
  level,
  onLevel,
  onAttempt,
  time,
  onTime,
  following,
  onFollow,
  onSearch,
  onFirstError,
}: {
  place: LogPlace;
  summary: LogSummary;
  /** How many lines there are by now. */
  lines: number;
  level: LogLevelFilter | undefined;
  onLevel(level: LogLevelFilter | undefined): void;
  onAttempt(attempt: number): void;
  time: TimeColumn;
  onTime(time: TimeColumn): void;
  following: boolean;
  onFollow(): void;
  onSearch(): void;
  onFirstError(): void;
}) {
  // One that has no line of its own would show what the graver one shows.
  const shown = LEVELS.filter(([name, , of]) => name === level || (summary.levels[name] > 0 && of(summary) < lines));
  return (
    <div className="log-bar" role="group" aria-label="Log">
      {summary.attempts.length > 1 && (
        <Select
          label="Attempt"
          hideLabel
          value={String(summary.attempt)}
          options={summary.attempts.map((attempt) => ({
            value: String(attempt.attempt),
            label: `Attempt ${attempt.attempt} · ${attempt.outcome ?? "running"} · ${shortCount(attempt.lines)} lines${attempt.errors > 0 ? ` · ${shortCount(attempt.errors)} errors` : ""}`,
          }))}
          onChange={(value) => onAttempt(Number(value))}
        />
      )}
      <div className="log-levels" role="group" aria-label="Lines">
        <LevelButton label="All" total={lines} active={level === undefined} onClick={() => onLevel(undefined)} />
        {shown.map(([name, label, of]) => (
          <LevelButton
            key={name}
            label={name === "error" || name === "stderr" ? label : `${label}+`}
            name={name}
            total={of(summary)}
            active={level === name}
            onClick={() => onLevel(level === name ? undefined : name)}
          />
        ))}
      </div>
      <span className="log-spring" />
      {summary.firstErrorLine != null && (
        <Button tone="quiet" onClick={onFirstError} title="First error (E)">
          First error
        </Button>
      )}
      {!summary.ended && (
        <Button tone="quiet" icon="last" aria-pressed={following} className="log-follow" onClick={onFollow} title="Follow (F)">
          {following ? "Following" : "Follow"}
        </Button>
      )}
      <Select
        label="Times"
        hideLabel
        value={time}
        options={[
          { value: "delta", label: "Time between" },
          { value: "clock", label: "Clock time" },
          { value: "none", label: "No times" },
        ]}
        onChange={(value) => onTime(value as TimeColumn)}
      />
      <IconButton icon="search" label="Search the log (Ctrl F)" onClick={onSearch} />
      <a className="button button-quiet button-icon" href={textAddress({ ...place, task: summary.task, attempt: summary.attempt }, level)} download aria-label="Download" title={level ? "Download these lines" : "Download the log"}>
        <Icon name="download" />
      </a>
    </div>
  );
}

function LevelButton({ label, name, total, active, onClick }: { label: string; name?: LogLevelFilter; total: number; active: boolean; onClick(): void }) {
  return (
    <button type="button" className={`log-level ${name ? `log-level-${name}` : ""}`} aria-pressed={active} onClick={onClick} title={`${count(total)} lines`}>
      {label} <span className="log-level-count">{shortCount(total)}</span>
    </button>
  );
}
