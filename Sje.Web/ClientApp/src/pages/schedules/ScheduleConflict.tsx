import type { Schedule } from "../../api/schedules";
import { Button } from "../../ui";
import type { ScheduleDraft } from "./scheduleDraft";

/** Somebody else changed the schedule meanwhile: what differs, and whose counts. */
export function ScheduleConflict({
  mine,
  theirs,
  busy,
  onMine,
  onTheirs,
}: {
  mine: ScheduleDraft;
  theirs: Schedule;
  busy: boolean;
  onMine(): void;
  onTheirs(): void;
}) {
  const rows = [
    ["Cron line", mine.cron, theirs.cron],
    ["Time zone", mine.timeZone, theirs.timeZone],
    ["Parameters", JSON.stringify({ ...mine.values, ...mine.texts }), JSON.stringify(theirs.parameters)],
  ].filter(([, a, b]) => a !== b);
  return (
    <section className="job-conflict" role="alertdialog" aria-label="Somebody saved another version">
      <h3>Somebody saved version {theirs.version} in the meantime</h3>
      <table className="job-table">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Yours</th>
            <th scope="col">Theirs</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([field, a, b]) => (
            <tr key={field}>
              <th scope="row">{field}</th>
              <td>
                <code>{a}</code>
              </td>
              <td>
                <code>{b}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p>Both say the same; only whether it is paused may differ.</p>}
      <div className="row">
        <Button tone="primary" busy={busy} onClick={onMine}>
          Keep mine: save over version {theirs.version}
        </Button>
        <Button onClick={onTheirs}>Take theirs</Button>
      </div>
    </section>
  );
}
