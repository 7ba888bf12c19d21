import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { ApiError } from "../../api/client";
import { jobQueries, useDeleteJob, usePauseJob, type Job } from "../../api/jobs";
import { useKeys } from "../../base/keys";
import { useUrl } from "../../base/url";
import { Button, ButtonLink, EmptyState, ErrorState, PageHead, PageLink, Skeleton, Tabs, Time, useConfirm, useToasts } from "../../ui";
import { allows } from "../jobs/jobHref";
import { declarationsOf } from "./parameters";
import { PausedMark } from "../jobs/PausedMark";
import { useLiveRefresh } from "../../live";
import { ParametersTab } from "./ParametersTab";
import { RunDialog } from "./RunDialog";
import { RunsTab } from "./runs/RunsTab";
import "../jobs/jobs.css";
import "./job.css";

const DefinitionTab = lazy(() => import("./DefinitionTab"));
const VersionsTab = lazy(() => import("./VersionsTab"));
const SchedulesTab = lazy(() => import("./SchedulesTab"));

const TABS = ["runs", "definition", "versions", "schedules", "parameters"] as const;
type TabId = (typeof TABS)[number];

export default function JobPage() {
  const { name } = useParams({ strict: false }) as { name: string };
  const job = useQuery(jobQueries.one(name));
  useLiveRefresh(["jobs", "one", name], ["jobs"]);
  if (job.error instanceof ApiError && job.error.isNotFound) {
    return (
      <>
        <PageHead title={name} />
        <EmptyState
          icon="search"
          title={`There is no job “${name}”`}
          actions={
            <>
              <ButtonLink to={`/jobs?q=${encodeURIComponent(name)}`}>Search jobs</ButtonLink>
              <ButtonLink to={`/executions?job=${encodeURIComponent(name)}`}>Executions under this name</ButtonLink>
            </>
          }
        >
          It may have been deleted; its executions are kept.
        </EmptyState>
      </>
    );
  }
  return (
    <>
      {!job.data && <PageHead title={name} />}
      {job.error && <ErrorState error={job.error} onRetry={() => void job.refetch()} />}
      {job.data ? <JobView key={name} job={job.data} /> : !job.error && <Skeleton lines={10} height={24} />}
    </>
  );
}

function JobView({ job }: { job: Job }) {
  const [url, setUrl] = useUrl();
  const tab: TabId = TABS.find((one) => one === url["tab"]) ?? "runs";
  const running = url["run"] === "1";
  const showRun = (on: boolean) => setUrl({ run: on ? "1" : undefined }, { replace: !on });
  const mayRun = allows(job, "run");
  const parameters = declarationsOf(job.job);
  useKeys("Job", [{ key: "u", help: "Run the job now", run: () => mayRun && showRun(true) }]);

  const description = job.job["description"];
  return (
    <>
      <PageHead
        title={job.name}
        beside={
          <span className="job-beside">
            <PageLink to="/jobs">All jobs</PageLink>
            <span className="muted">
              version {job.version} · changed <Time at={job.updatedAt} />
              {job.createdBy && ` · made by ${job.createdBy}`}
            </span>
            <PausedMark of={job} full />
          </span>
        }
        actions={<JobActions job={job} onRun={() => showRun(true)} />}
      />
      {typeof description === "string" && <p className="job-description muted">{description}</p>}
      <Tabs
        label="Parts of the job"
        selected={tab}
        onSelect={(id) => setUrl({ tab: id === "runs" ? undefined : id })}
        tabs={[
          { id: "runs", label: "Runs" },
          { id: "definition", label: "Definition" },
          { id: "versions", label: "Versions", count: job.version },
          { id: "schedules", label: "Schedules" },
          { id: "parameters", label: "Parameters", count: parameters.length },
        ]}
      >
        <Suspense fallback={<Skeleton lines={10} height={20} />}>
          {tab === "runs" && <RunsTab job={job} onRun={mayRun ? () => showRun(true) : undefined} />}
          {tab === "definition" && <DefinitionTab job={job} />}
          {tab === "versions" && <VersionsTab job={job} />}
          {tab === "schedules" && <SchedulesTab job={job} />}
          {tab === "parameters" && <ParametersTab parameters={parameters} onRun={mayRun ? () => showRun(true) : undefined} />}
        </Suspense>
      </Tabs>
      {running && <RunDialog name={job.name} onClose={() => showRun(false)} />}
    </>
  );
}

function JobActions({ job, onRun }: { job: Job; onRun(): void }) {
  const pause = usePauseJob();
  const remove = useDeleteJob();
  const confirm = useConfirm();
  const toasts = useToasts();
  const navigate = useNavigate();
  const client = useQueryClient();

  const failed = (error: unknown) => toasts.show({ text: error instanceof Error ? error.message : String(error), tone: "failed" });
  const toggle = async () => {
    const paused = !job.pausedAt;
    try {
      await pause.mutateAsync({ name: job.name, paused });
      toasts.show({
        text: paused ? `Paused “${job.name}”: what runs goes on, nothing new starts.` : `Resumed “${job.name}”.`,
        tone: "success",
        undo: async () => void (await pause.mutateAsync({ name: job.name, paused: !paused })),
      });
    } catch (error) {
      failed(error);
    }
  };
  const drop = async () => {
    const sure = await confirm({
      title: `Delete “${job.name}”?`,
      body: (
        <p>
          Its {job.version} {job.version === 1 ? "version" : "versions"} and its schedules go with it. Executions stay. This cannot be undone.
        </p>
      ),
      action: "Delete job",
      typed: job.name,
    });
    if (!sure) return;
    try {
      await remove.mutateAsync({ name: job.name, version: job.version });
      toasts.show({ text: `Deleted “${job.name}”.`, tone: "success" });
      await navigate({ to: "/jobs" as never });
    } catch (error) {
      // Another version stands there by now: what is to go should have been seen first.
      if (error instanceof ApiError && error.status === 412) await client.invalidateQueries(jobQueries.one(job.name));
      failed(error);
    }
  };
  const no = "You may not do that";
  return (
    <>
      <Button icon="trash" tone="quiet" busy={remove.isPending} reason={allows(job, "delete") ? undefined : no} onClick={() => void drop()}>
        Delete
      </Button>
      <Button
        icon={job.pausedAt ? "retry" : "pause"}
        busy={pause.isPending}
        reason={allows(job, job.pausedAt ? "resume" : "pause") ? undefined : no}
        onClick={() => void toggle()}
      >
        {job.pausedAt ? "Resume" : "Pause"}
      </Button>
      <Button tone="primary" icon="play" reason={allows(job, "run") ? undefined : no} onClick={onRun}>
        Run now
      </Button>
    </>
  );
}
