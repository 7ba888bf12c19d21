import type { Job } from "../../api/jobs";
import { ButtonLink } from "../../ui";
import { ScheduleTable } from "../schedules/ScheduleTable";

/** The schedules that start this job. */
export default function SchedulesTab({ job }: { job: Job }) {
  const create = (
    <ButtonLink to={`/schedules?new=1&job=${encodeURIComponent(job.name)}`} icon="plus">
      Add a schedule
    </ButtonLink>
  );
  return (
    <div className="stack">
      <ScheduleTable filter={{ job: job.name }} height="auto" emptyActions={create} />
      <div>{create}</div>
    </div>
  );
}
