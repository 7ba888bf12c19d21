import type { Job } from "../../api/jobs";
import { ButtonLink } from "../../ui";
import { useMayCreate } from "../jobs/useMayCreate";
import { ScheduleTable } from "../schedules/ScheduleTable";

/** The schedules that start this job. */
export default function SchedulesTab({ job }: { job: Job }) {
  const create = useMayCreate() && (
    <ButtonLink to={`/schedules?new=1&job=${encodeURIComponent(job.name)}`} icon="plus">
      Add a schedule
    </ButtonLink>
  );
  return (
    <div className="stack">
      <ScheduleTable filter={{ job: job.name }} height="auto" emptyActions={create} />
      {create && <div>{create}</div>}
    </div>
  );
}
