import type { ClockNote } from "../../api/schedules";
import { relative, zoneName } from "../../base/format";
import { usePreferences } from "../../base/preferences";
import { Card, ErrorState, Icon, Skeleton, TextField, useNow } from "../../ui";
import { describeCron } from "./cron";
import { localTimeOf, viewerTimeOf, type LocalTime } from "./dueTimes";
import type { PreviewState } from "./usePreview";

/** What a line means: in words, as its next ten due times in both zones, and what the changes of the clocks do to it. */
export function PreviewCard({
  cron,
  timeZone,
  state,
  paused,
  from,
  onFrom,
}: {
  cron: string;
  timeZone: string;
  state: PreviewState;
  paused: boolean;
  /** A day to look from, instead of from now on. */
  from: string | undefined;
  onFrom(day: string | undefined): void;
}) {
  const { preview, isChecking, cronError, zoneError } = state;
  const words = describeCron(cron);
  return (
    <Card
      title="Next 10 runs"
      className="schedules-preview"
      actions={
        <div className="schedules-from">
          <TextField
            label="From"
            title="Shows the due times from this day on; empty is now"
            type="date"
            value={from ?? ""}
            onChange={(day) => onFrom(day || undefined)}
          />
        </div>
      }
    >
      <p className="schedules-words" data-description aria-live="polite">
        {cronError ? (
          <span className="muted">This is no schedule yet</span>
        ) : (
          (words ?? <span className="muted">No words for this line; its times are below</span>)
        )}
        {!cronError && !zoneError && <span className="muted"> · {preview?.timeZone ?? timeZone}</span>}
      </p>
      {paused && (
        <p className="schedules-note">
          <Icon name="pause" /> Paused: these are the times it would have.
        </p>
      )}
      {state.error !== undefined ? (
        <ErrorState error={state.error} onRetry={state.retry} />
      ) : cronError || zoneError ? (
        <p className="muted">Its times stand here once the {cronError ? "cron line" : "time zone"} is right.</p>
      ) : preview ? (
        <>
          <Notes notes={preview.notes ?? []} />
          <Times preview={preview} dimmed={isChecking} />
        </>
      ) : (
        <Skeleton lines={10} height={20} />
      )}
    </Card>
  );
}

function Notes({ notes }: { notes: readonly ClockNote[] }) {
  return notes.map((note) => (
    <p key={`${note.at} ${note.text}`} className="schedules-note" data-note>
      <Icon name="warning" /> <span>{note.text}</span>
    </p>
  ));
}

function Times({ preview, dimmed }: { preview: { timeZone: string; times: { at: string; local: string }[] }; dimmed: boolean }) {
  const { zone } = usePreferences();
  const viewer = zoneName(zone);
  const now = useNow();
  const same = viewer === preview.timeZone;
  const rows = preview.times.map(({ at, local }) => ({ at, own: localTimeOf(local), mine: viewerTimeOf(at, viewer) }));
  const seconds = rows.some(({ own }) => !own.time.endsWith(":00"));
  if (rows.length === 0) return <p className="muted">It is never due after this day.</p>;
  return (
    <div className={`schedules-times ${dimmed ? "job-stale" : ""}`}>
      <table aria-busy={dimmed}>
        <thead>
          <tr>
            <th scope="col">{preview.timeZone}</th>
            {!same && <th scope="col">{viewer} (yours)</th>}
            <th scope="col" className="schedules-in">
              In
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ at, own, mine }, index) => (
            <tr key={at} data-at={at} className={own.offset !== (rows[index - 1] ?? rows[0])?.own.offset ? "schedules-shift" : undefined}>
              <td>
                <Clock at={at} local={own} seconds={seconds} />
              </td>
              {!same && (
                <td>
                  <Clock at={at} local={mine} seconds={seconds} />
                </td>
              )}
              <td className="muted schedules-in">{relative(new Date(at), now).replace(/^in /, "")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Clock({ at, local, seconds }: { at: string; local: LocalTime; seconds: boolean }) {
  return (
    <time dateTime={at} title={`${at} · ${local.offset}`}>
      <span className="schedules-day-text">{local.day}</span> <b>{seconds ? local.time : local.time.slice(0, 5)}</b>{" "}
      <span className="muted schedules-offset">{local.offset}</span>
    </time>
  );
}
