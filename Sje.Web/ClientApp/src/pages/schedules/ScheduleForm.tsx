import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { ApiError, get, messageOf } from "../../api/client";
import { jobQueries, refreshJobs } from "../../api/jobs";
import { saveSchedule, schedulePath, type Schedule } from "../../api/schedules";
import { useKeys } from "../../base/keys";
import { useUrl } from "../../base/url";
import { Button, Checkbox, ErrorState, PageLink, TextField, useToasts } from "../../ui";
import { ParameterFields } from "../job/ParameterFields";
import { declarationsOf, errorsByField, without } from "../job/parameters";
import { jobHref } from "../jobs/jobHref";
import { Policies } from "./Policies";
import { planOf, type Plan } from "./presets";
import { PlanFields } from "./PlanFields";
import { PreviewCard } from "./PreviewCard";
import { ScheduleConflict } from "./ScheduleConflict";
import { draftOf, readParameters, shownTexts, undeclaredIn, withParameter, type ScheduleDraft } from "./scheduleDraft";
import { useScheduleDraft } from "./useScheduleDraft";
import { usePreview } from "./usePreview";
import { ZONES } from "./zones";

interface ScheduleFormProps {
  draftKey: string;
  saved: ScheduleDraft;
  /** The version that is replaced; 0 is a new schedule. */
  version: number;
  /** Why nothing can be changed here. */
  locked: string | null;
  onSaved(schedule: Schedule): void;
}

/** The editor of a schedule, with what its line means beside it. */
export function ScheduleForm({ draftKey, saved, version, locked, onSaved }: ScheduleFormProps) {
  const { draft, baseVersion, change, settle, isChanged } = useScheduleDraft(draftKey, saved, version);
  const [url, setUrl] = useUrl();
  const [kind, setKind] = useState<Plan["kind"]>(() => planOf(draft.cron).kind);
  const preview = usePreview(draft.cron, draft.timeZone, url["after"]);
  const job = useQuery({ ...jobQueries.one(draft.job), enabled: draft.job !== "", retry: false });
  const names = useQuery({ ...jobQueries.names(draft.job), enabled: version === 0 });
  const declared = job.data ? declarationsOf(job.data.job) : [];
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [conflict, setConflict] = useState<Schedule | null>(null);
  const client = useQueryClient();
  const toasts = useToasts();
  const list = useId();

  const save = useMutation({
    mutationFn: ({ over, values }: { over: number; values: Record<string, unknown> }) =>
      saveSchedule(
        draft.name.trim(),
        {
          job: draft.job,
          cron: draft.cron,
          timeZone: draft.timeZone,
          parameters: values,
          // A saved one is paused and resumed by its buttons.
          paused: version === 0 ? draft.paused : undefined,
        },
        over,
      ),
    onSuccess: (schedule) => {
      setConflict(null);
      settle(draftOf(schedule), schedule.version);
      client.setQueryData(["schedules", "one", schedule.name], schedule);
      void refreshJobs(client);
      toasts.show({ text: `Saved “${schedule.name}”.`, tone: "success" });
      onSaved(schedule);
    },
    onError: async (error) => {
      if (error instanceof ApiError && error.status === 412) {
        if (version === 0) setErrors({ name: "A schedule of this name is there already." });
        else setConflict(await get<Schedule>(schedulePath(draft.name)));
      } else if (error instanceof ApiError) {
        const { fields, rest } = errorsByField(
          error.problem.errors ?? [],
          declared.map((one) => one.name),
        );
        const [jobError, nameError] = [error.at("/job"), error.problem.errors?.find((fault) => fault.parameter === "name")?.detail];
        setErrors({
          ...Object.fromEntries(Object.entries(fields).map(([name, text]) => [`parameters.${name}`, text])),
          ...(jobError ? { job: jobError } : {}),
          ...(nameError ? { name: nameError } : {}),
          ...(rest.length > 0 && !jobError && !nameError ? { form: rest.join(" ") } : {}),
        });
      }
    },
  });

  const reason = reasonAgainst();
  function reasonAgainst(): string | undefined {
    if (locked) return locked;
    if (draft.name.trim() === "") return "A name is needed";
    if (draft.job === "") return "A job is needed";
    if (preview.cronError) return "Mend the cron line first";
    if (preview.zoneError) return "Mend the time zone first";
    if (preview.isChecking) return "The line is being checked";
    if (version > 0 && !isChanged) return "Nothing was changed";
    return undefined;
  }

  const submit = (over = baseVersion) => {
    const { values, errors: wrong } = readParameters(draft, declared);
    setErrors(Object.fromEntries(Object.entries(wrong).map(([name, text]) => [`parameters.${name}`, text])));
    if (Object.keys(wrong).length === 0 && !save.isPending) save.mutate({ over, values });
  };
  const trySave = () => {
    if (reason === undefined) submit();
  };
  useKeys("Schedule", [{ key: "Ctrl+s", help: "Save", inInputs: true, run: trySave }]);

  const edit = (part: Partial<ScheduleDraft>, field?: string) => {
    change(part);
    if (field) setErrors((before) => without(before, field));
  };
  const failed = save.error && !conflict && Object.keys(errors).length === 0 ? messageOf(save.error) : errors["form"];
  const parameterErrors = Object.fromEntries(
    Object.entries(errors)
      .filter(([name]) => name.startsWith("parameters."))
      .map(([name, text]) => [name.slice("parameters.".length), text]),
  );
  const lost = undeclaredIn(draft, declared);
  const jobError = errors["job"] ?? (job.error instanceof ApiError && job.error.isNotFound ? `There is no saved job “${draft.job}”.` : undefined);

  return (
    <form
      className="schedules-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        trySave();
      }}
    >
      <div className="schedules-fields">
        {locked && (
          <p className="schedules-note">
            <span>
              {locked} <PageLink to={jobHref(draft.job, "definition")}>Open the definition of {draft.job}</PageLink>
            </span>
          </p>
        )}
        {failed && <ErrorState title="Not saved: what you wrote is kept here" error={new Error(failed)} />}
        {conflict && (
          <ScheduleConflict
            mine={draft}
            theirs={conflict}
            busy={save.isPending}
            onMine={() => submit(conflict.version)}
            onTheirs={() => {
              settle(draftOf(conflict), conflict.version);
              setKind(planOf(conflict.cron).kind);
              client.setQueryData(["schedules", "one", conflict.name], conflict);
              setConflict(null);
            }}
          />
        )}
        {version === 0 && (
          <div className="schedules-line">
            <TextField
              label="Name"
              value={draft.name}
              error={errors["name"]}
              autoFocus={draft.name === ""}
              onChange={(name) => edit({ name }, "name")}
            />
            <TextField
              label="Job"
              list={`${list}-jobs`}
              value={draft.job}
              error={jobError}
              placeholder="A saved job"
              onChange={(next) => edit({ job: next, name: draft.name === "" || draft.name === draft.job ? next : draft.name }, "job")}
            />
            <datalist id={`${list}-jobs`}>
              {names.data?.items.map((one) => (
                <option key={one.name} value={one.name}>
                  {one.description}
                </option>
              ))}
            </datalist>
          </div>
        )}
        <PlanFields
          kind={kind}
          cron={draft.cron}
          error={preview.cronError}
          badPart={preview.badPart}
          disabled={locked !== null}
          onKind={setKind}
          onCron={(cron) => edit({ cron })}
        />
        <TextField
          label="Time zone"
          list={`${list}-zones`}
          value={draft.timeZone}
          error={preview.zoneError}
          disabled={locked !== null}
          help="A name of the IANA database, such as Europe/Berlin or UTC"
          onChange={(timeZone) => edit({ timeZone })}
        />
        <datalist id={`${list}-zones`}>
          {ZONES.map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
        {(declared.length > 0 || lost.length > 0) && (
          <fieldset className="schedules-plan">
            <legend>Parameters</legend>
            <ParameterFields
              declared={declared}
              texts={shownTexts(draft, declared)}
              errors={parameterErrors}
              disabled={locked !== null}
              onChange={(name, text) => edit(withParameter(draft, name, text), `parameters.${name}`)}
            />
            {lost.map((name) => (
              <p key={name} className="schedules-note">
                The job has no parameter “{name}” any more.{" "}
                <Button tone="quiet" onClick={() => edit(withParameter(draft, name, undefined))}>
                  Drop its value
                </Button>
              </p>
            ))}
          </fieldset>
        )}
        {version === 0 && <Checkbox label="Begin paused" checked={draft.paused} onChange={(paused) => edit({ paused })} />}
        {!locked && (
          <div className="row">
            <Button tone="primary" icon="check" type="submit" busy={save.isPending} reason={reason} onClick={trySave} aria-keyshortcuts="Control+S">
              Save
            </Button>
            {isChanged && (
              <Button
                tone="quiet"
                onClick={() => {
                  settle(saved, version);
                  setKind(planOf(saved.cron).kind);
                  setErrors({});
                }}
              >
                Discard
              </Button>
            )}
            {isChanged && <span className="muted">Kept in this browser until it is saved</span>}
          </div>
        )}
      </div>
      <div className="schedules-beside">
        <PreviewCard
          cron={draft.cron}
          timeZone={draft.timeZone}
          state={preview}
          paused={draft.paused}
          from={url["after"]}
          onFrom={(day) => setUrl({ after: day }, { replace: true })}
        />
        <Policies job={job.data ? draft.job : ""} />
      </div>
    </form>
  );
}
