import { useQuery } from "@tanstack/react-query";
import { jobQueries } from "../../api/jobs";
import { Card, PageLink } from "../../ui";
import { jobHref } from "../jobs/jobHref";
import { overlapOf } from "./overlap";

/** What happens when a run is due while another goes on, and when nobody was there at its time. */
export function Policies({ job }: { job: string }) {
  const query = useQuery({ ...jobQueries.one(job), enabled: job !== "", retry: false });
  return (
    <Card
      title="When it cannot run on time"
      actions={job !== "" && query.data && <PageLink to={jobHref(job, "definition")}>Change in the job</PageLink>}
    >
      <dl className="schedules-policies">
        <dt>Overlap</dt>
        <dd>{query.data ? overlapOf(query.data.job["concurrency"]) : <span className="muted">Said by the job's concurrency.</span>}</dd>
        <dt>No server running</dt>
        <dd>What was missed is made up by one run, for the latest time that was missed.</dd>
        <dt>Paused</dt>
        <dd>What is due meanwhile is left out and not made up.</dd>
      </dl>
    </Card>
  );
}
