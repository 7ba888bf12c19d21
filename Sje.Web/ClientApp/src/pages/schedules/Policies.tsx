import { useQuery } from "@tanstack/react-query";
import { jobQueries } from "../../api/jobs";
import { Card, PageLink } from "../../ui";
import { jobHref } from "../jobs/jobHref";

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

const POLICIES: Record<string, string> = {
  queue: "one more waits until one has ended.",
  skip: "one more is skipped, which is no failure.",
  replace: "one more cancels the oldest and takes its place.",
  cancel: "one more is cancelled itself.",
};

/** A job's `concurrency` in words. */
export function overlapOf(concurrency: unknown): string {
  const said = typeof concurrency === "object" && concurrency !== null ? (concurrency as { max?: unknown; policy?: unknown }) : {};
  if (typeof said.max !== "number") return "Runs may overlap: the job sets no limit.";
  const policy = typeof said.policy === "string" ? said.policy : "queue";
  return `At most ${said.max} ${said.max === 1 ? "run" : "runs"} at a time; ${POLICIES[policy] ?? policy}`;
}
