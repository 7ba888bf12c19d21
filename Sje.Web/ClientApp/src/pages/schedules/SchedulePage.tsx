import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { ApiError, messageOf } from "../../api/client";
import { scheduleQueries, useDeleteSchedule, type Schedule } from "../../api/schedules";
import { useKeys } from "../../base/keys";
import { Button, ButtonLink, EmptyState, ErrorState, PageHead, PageLink, Skeleton, Time, useConfirm, useToasts } from "../../ui";
import "../job/job.css";
import "../jobs/jobs.css";
import { allows, jobHref } from "../jobs/jobHref";
import { PausedMark } from "../jobs/PausedMark";
import { useLiveRefresh } from "../../live";
import { ScheduleForm } from "./ScheduleForm";
import { LastResult, useScheduleActions } from "./ScheduleTable";
import { draftOf } from "./scheduleDraft";
import "./schedules.css";

export default function SchedulePage() {
  const { name } = useParams({ strict: false }) as { name: string };
  const schedule = useQuery(scheduleQueries.one(name));
  useLiveRefresh(["schedules", "one", name], ["executions", "schedules"]);
  if (schedule.error instanceof ApiError && schedule.error.isNotFound) {
    return (
      <>
        <PageHead title={name} />
        <EmptyState
          icon="search"
          title={`There is no schedule “${name}”`}
          actions={<ButtonLink to={`/schedules?q=${encodeURIComponent(name)}`}>Search schedules</ButtonLink>}
        />
      </>
    );
  }
  return (
    <>
      {!schedule.data && <PageHead title={name} />}
      {schedule.error && <ErrorState error={schedule.error} onRetry={() => void schedule.refetch()} />}
      {schedule.data ? <ScheduleView key={name} schedule={schedule.data} /> : !schedule.error && <Skeleton lines={10} height={24} />}
    </>
  );
}

function ScheduleView({ schedule }: { schedule: Schedule }) {
  const doings = useScheduleActions();
  const mayRun = allows(schedule, "trigger");
  useKeys("Schedule", [{ key: "u", help: "Run its job now", run: () => mayRun && void doings.trigger(schedule) }]);
  const mayEdit = allows(schedule, "edit");
  const locked = schedule.fromJob
    ? "This schedule is part of the job's file: its line and zone change there."
    : mayEdit
      ? null
      : "You may read this schedule, not change it.";
  return (
    <>
      <PageHead
        title={schedule.name}
        beside={
          <span className="job-beside">
            <PageLink to="/schedules">All schedules</PageLink>
            <span className="muted">
              starts <PageLink to={jobHref(schedule.job)}>{schedule.job}</PageLink>
            </span>
            <PausedMark of={schedule} full />
          </span>
        }
        actions={<Actions schedule={schedule} doings={doings} />}
      />
      <dl className="schedules-facts">
        <div>
          <dt>Next run</dt>
          <dd>{schedule.pausedAt ? <span className="muted">None while paused</span> : <Time at={schedule.nextAt} focusable />}</dd>
        </div>
        <div>
          <dt>Last result</dt>
          <dd>
            <LastResult schedule={schedule} />
          </dd>
        </div>
        <div>
          <dt>Last due</dt>
          <dd>
            <Time at={schedule.lastDueAt} focusable />
          </dd>
        </div>
        <div>
          <dt>Changed</dt>
          <dd>
            <Time at={schedule.updatedAt} focusable />
            {schedule.createdBy && <span className="muted"> · made by {schedule.createdBy}</span>}
          </dd>
        </div>
      </dl>
      {schedule.lastError && <ErrorState title="It could not start its job" error={new Error(schedule.lastError)} />}
      <ScheduleForm draftKey={schedule.name} saved={draftOf(schedule)} version={schedule.version} locked={locked} onSaved={() => {}} />
    </>
  );
}

function Actions({ schedule, doings }: { schedule: Schedule; doings: ReturnType<typeof useScheduleActions> }) {
  const remove = useDeleteSchedule();
  const confirm = useConfirm();
  const toasts = useToasts();
  const navigate = useNavigate();
  const no = "You may not do that";
  const drop = async () => {
    const sure = await confirm({
      title: `Delete schedule “${schedule.name}”?`,
      body: (
        <p>
          {schedule.fromJob
            ? `Job “${schedule.job}” gets a new version without it.`
            : `Job “${schedule.job}” stays; nothing starts it at these times any more.`}
        </p>
      ),
      action: "Delete schedule",
    });
    if (!sure) return;
    try {
      await remove.mutateAsync({ name: schedule.name, version: schedule.version });
      toasts.show({ text: `Deleted schedule “${schedule.name}”.`, tone: "success" });
      await navigate({ to: "/schedules" as never });
    } catch (error) {
      toasts.show({ text: messageOf(error), tone: "failed" });
    }
  };
  return (
    <>
      <Button icon="trash" tone="quiet" busy={remove.isPending} reason={allows(schedule, "delete") ? undefined : no} onClick={() => void drop()}>
        Delete
      </Button>
      <Button
        icon={schedule.pausedAt ? "retry" : "pause"}
        reason={allows(schedule, schedule.pausedAt ? "resume" : "pause") ? undefined : no}
        onClick={() => void doings.toggle(schedule)}
      >
        {schedule.pausedAt ? "Resume" : "Pause"}
      </Button>
      <Button
        tone="primary"
        icon="play"
        busy={doings.busy === schedule.name}
        reason={allows(schedule, "trigger") ? undefined : no}
        onClick={() => void doings.trigger(schedule)}
      >
        Run now
      </Button>
    </>
  );
}
