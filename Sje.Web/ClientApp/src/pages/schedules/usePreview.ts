import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ApiError, messageOf } from "../../api/client";
import { scheduleQueries, type SchedulePreview } from "../../api/schedules";
import type { BadPart } from "./PlanFields";

const DEBOUNCE_MS = 250;

export interface PreviewState {
  preview: SchedulePreview | undefined;
  /** The answer for what stands in the fields now is not there yet. */
  isChecking: boolean;
  cronError: string | undefined;
  zoneError: string | undefined;
  badPart: BadPart | null;
  /** What went wrong beside the two fields. */
  error: unknown;
  retry(): void;
}

/** The next due times as the server computes them, and what it says against a line: after a pause in typing, the newest answer only. */
export function usePreview(cron: string, timeZone: string, after: string | undefined): PreviewState {
  const [asked, setAsked] = useState({ cron, timeZone, after });
  useEffect(() => {
    const timer = setTimeout(() => setAsked({ cron, timeZone, after }), DEBOUNCE_MS);
    return () => clearTimeout(timer);
  }, [cron, timeZone, after]);
  const query = useQuery({
    ...scheduleQueries.preview(asked.cron, asked.timeZone, asked.after),
    placeholderData: keepPreviousData,
    enabled: asked.cron.trim() !== "",
  });
  const settled = asked.cron === cron && asked.timeZone === timeZone && asked.after === after;
  const error = query.error;
  const refused = error instanceof ApiError && error.status === 422 ? error : undefined;
  const empty = cron.trim() === "" ? "A cron line is needed." : undefined;
  return {
    preview: query.error || empty ? undefined : query.data,
    isChecking: !settled || query.isFetching || query.isPlaceholderData,
    cronError: empty ?? refused?.at("/cron"),
    zoneError: empty ? undefined : refused?.at("/timeZone"),
    badPart: refused && !empty && asked.cron === cron ? badPartOf(refused) : null,
    error: error && !refused ? new Error(messageOf(error)) : undefined,
    retry: () => void query.refetch(),
  };
}

function badPartOf(error: ApiError): BadPart | null {
  const said = (error.problem as { badPart?: Partial<BadPart> | null }).badPart;
  return typeof said?.index === "number" && said.index >= 0 ? { index: said.index, text: said.text ?? "" } : null;
}
