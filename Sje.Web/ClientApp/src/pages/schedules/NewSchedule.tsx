import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { zoneName } from "../../base/format";
import { useUrl } from "../../base/url";
import { PageHead, PageLink } from "../../ui";
import "../job/job.css";
import { useMayCreate } from "../jobs/useMayCreate";
import { cronOf, DEFAULT_CALENDAR } from "./presets";
import { ScheduleForm } from "./ScheduleForm";
import { scheduleHref } from "./ScheduleTable";
import type { ScheduleDraft } from "./scheduleDraft";

/** Makes a schedule for a saved job. */
export default function NewSchedule() {
  const [url] = useUrl();
  const navigate = useNavigate();
  const mayCreate = useMayCreate();
  const job = url["job"] ?? "";
  const start = useMemo(
    (): ScheduleDraft => ({
      name: job,
      job,
      cron: cronOf(DEFAULT_CALENDAR),
      timeZone: zoneName("local") || "UTC",
      values: {},
      texts: {},
      paused: false,
    }),
    [job],
  );
  return (
    <>
      <PageHead title="New schedule" beside={<PageLink to="/schedules">All schedules</PageLink>} />
      <ScheduleForm
        key={job}
        draftKey={` new ${job}`}
        saved={start}
        version={0}
        locked={mayCreate ? null : "You may read schedules, not make them."}
        onSaved={(schedule) => void navigate({ to: scheduleHref(schedule.name) as never, replace: true })}
      />
    </>
  );
}
