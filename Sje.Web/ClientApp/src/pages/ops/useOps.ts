import { useQuery, useQueryClient } from "@tanstack/react-query";
import { get, type Page } from "../../api/client";
import { executionKeys, useExecutionCounts } from "../../api/executions";
import { seriesKey, useSeries } from "../../api/series";
import { usePace } from "../../base/pace";
import { parseRange, type TimeRange } from "../../base/range";
import { readAgain, useLive } from "../../live";

/** A schedule as the list of the next ones shows it. */
export interface NextSchedule {
  name: string;
  job: string;
  cron: string;
  timeZone: string;
  nextAt?: string | null;
  pausedAt?: string | null;
}

/** Failures that look alike. */
export interface FailureGroup {
  fingerprint: string;
  count: number;
  firstSeenAt: string;
  lastSeenAt: string;
  jobs: string[];
  sample: { executionId: string; task: string; class: string; message?: string | null };
}

/** Counts by state and the charts' figures: read again when something happens, and as time goes on. */
export function useOps(range: TimeRange) {
  const client = useQueryClient();
  const counts = useExecutionCounts();
  const windowOf = () => {
    const now = parseRange(range.text, new Date()) ?? range;
    return { from: now.from, to: now.to };
  };
  const series = useSeries(windowOf, range.text);

  const recount = usePace<"counts">(() => readAgain(client, executionKeys.counts({})), 600);
  const redraw = usePace<"series">(() => readAgain(client, seriesKey(range.text)), 2_000);
  const regroup = usePace<"failures">(() => readAgain(client, failureKey), 3_000);
  useLive(["executions", "tasks"], (events, { caughtUp }) => {
    recount("counts");
    if (range.moves) redraw("series");
    if (
      caughtUp ||
      events.some(
        (event) => event.kind.endsWith("failed") || event.kind.endsWith("timed_out") || event.kind.endsWith("dismissed"),
      )
    ) {
      regroup("failures");
    }
  });
  return { counts, series };
}

const failureKey = ["ops", "failures"] as const;

/** What failed for good and was not dealt with yet, by what the errors have in common. */
export function useRecentFailures() {
  return useQuery({
    queryKey: failureKey,
    queryFn: ({ signal }) => get<Page<FailureGroup>>("/dead-letters/groups", { query: { limit: 8 }, signal }),
  });
}

/** The schedules that fire next. */
export function useNextSchedules() {
  return useQuery({
    queryKey: ["ops", "schedules"],
    queryFn: async ({ signal }) =>
      nextOf((await get<Page<NextSchedule>>("/schedules", { query: { limit: 1000 }, signal })).items),
    refetchInterval: 15_000,
  });
}

/** The few schedules that fire next, the soonest first; paused ones fire not at all. */
export function nextOf(schedules: readonly NextSchedule[], most = 6): NextSchedule[] {
  return schedules
    .filter((one) => one.nextAt && !one.pausedAt)
    .sort((a, b) => Date.parse(a.nextAt ?? "") - Date.parse(b.nextAt ?? ""))
    .slice(0, most);
}
