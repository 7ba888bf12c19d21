import { lazy, Suspense } from "react";
import { useUrl } from "../../base/url";
import { Button, ButtonLink, PageHead, Select, Skeleton } from "../../ui";
import { SearchField } from "../../ui/SearchField";
import { useMayCreate } from "../jobs/useMayCreate";
import "../jobs/jobs.css";
import { ScheduleTable } from "./ScheduleTable";

const NewSchedule = lazy(() => import("./NewSchedule"));

export default function SchedulesPage() {
  const [url] = useUrl();
  return url["new"] ? (
    <Suspense fallback={<Skeleton lines={12} />}>
      <NewSchedule />
    </Suspense>
  ) : (
    <ScheduleList />
  );
}

function ScheduleList() {
  const [url, setUrl] = useUrl();
  const filter = { q: url["q"], job: url["job"], paused: url["paused"], sort: url["sort"] };
  const filtered = [filter.q, filter.job, filter.paused].some(Boolean);
  const clear = () => setUrl({ q: undefined, job: undefined, paused: undefined });
  const create = useMayCreate() && (
    <ButtonLink to="/schedules?new=1" tone="primary" icon="plus">
      New schedule
    </ButtonLink>
  );
  return (
    <>
      <PageHead title="Schedules" actions={create} />
      <div className="jobs-filters" role="search" aria-label="Schedules">
        <SearchField className="jobs-search" restMs={200} help="Search" value={url["q"] ?? ""} label="Search schedules by name" onChange={(q) => setUrl({ q: q || undefined }, { replace: true })} />
        <Select
          label="Paused"
          hideLabel
          value={url["paused"] ?? ""}
          options={[
            { value: "", label: "Active and paused" },
            { value: "false", label: "Active" },
            { value: "true", label: "Paused" },
          ]}
          onChange={(paused) => setUrl({ paused: paused || undefined })}
        />
        {url["job"] && (
          <Button icon="close" title="Schedules of all jobs" onClick={() => setUrl({ job: undefined })}>
            Job: {url["job"]}
          </Button>
        )}
        {filtered && (
          <Button tone="quiet" onClick={clear}>
            Clear
          </Button>
        )}
      </div>
      <ScheduleTable
        filter={filter}
        sort={{ key: url["sort"] ?? "name", descending: false }}
        onSort={({ key }) => setUrl({ sort: key === "name" ? undefined : key })}
        onClear={filtered ? clear : undefined}
        emptyActions={create}
      />
    </>
  );
}
