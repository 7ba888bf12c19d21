import { useRef, useState } from "react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError, messageOf } from "../../api/client";
import { jobQueries, refreshJobs, runJob } from "../../api/jobs";
import { newKey } from "../../base/newKey";
import { Button, Dialog, ErrorState, Skeleton } from "../../ui";
import { ParameterFields } from "./ParameterFields";
import { declarationsOf, errorsByField, readForm, without, type FieldTexts } from "./parameters";
import { useStarted } from "./useStarted";

/** Asks for the values of a job's parameters, and starts it. */
export function RunDialog({ name, onClose }: { name: string; onClose(): void }) {
  const job = useQuery(jobQueries.one(name));
  const declared = job.data ? declarationsOf(job.data.job) : [];
  const [texts, setTexts] = useState<FieldTexts>({});
  const [shown, setShown] = useState<Record<string, string>>({});
  const [rest, setRest] = useState<string[]>([]);
  const keys = useRef(new Map<string, string>());
  const client = useQueryClient();
  const started = useStarted();

  const run = useMutation({
    mutationFn: (values: Record<string, unknown>) => {
      // A second try of the same values is the same wish, also where the first answer got lost.
      const body = JSON.stringify(values);
      const key = keys.current.get(body) ?? newKey();
      keys.current.set(body, key);
      return runJob(name, values, key);
    },
    onSuccess: (id) => {
      onClose();
      started(name, id);
      void refreshJobs(client);
    },
    onError: (error) => {
      const { fields, rest: others } = errorsByField(
        error instanceof ApiError ? (error.problem.errors ?? []) : [],
        declared.map((one) => one.name),
      );
      setShown(fields);
      setRest(Object.keys(fields).length === 0 && others.length === 0 ? [messageOf(error)] : others);
    },
  });

  const submit = () => {
    const { values, errors } = readForm(declared, texts);
    setShown(errors);
    setRest([]);
    if (Object.keys(errors).length === 0 && !run.isPending) run.mutate(values);
  };

  return (
    <Dialog
      title={`Run ${name}`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button
            tone="primary"
            icon="play"
            busy={run.isPending}
            onClick={submit}
            autoFocus={declared.length === 0}
            reason={job.data ? undefined : "The job is being read"}
          >
            Run now
          </Button>
        </>
      }
    >
      {job.isPending ? (
        <Skeleton lines={3} height={32} />
      ) : job.error && !job.data ? (
        <ErrorState error={job.error} onRetry={() => void job.refetch()} />
      ) : (
        <form
          className="stack"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          {rest.length > 0 && <ErrorState title="It was not started" error={new Error(rest.join(" "))} />}
          {declared.length === 0 ? (
            <p className="muted">This job has no parameters. It starts as version {job.data?.version}.</p>
          ) : (
            <ParameterFields
              declared={declared}
              texts={texts}
              errors={shown}
              onChange={(name, text) => {
                setTexts((before) => withText(before, name, text));
                setShown((before) => without(before, name));
              }}
            />
          )}
          <button type="submit" hidden tabIndex={-1} aria-hidden="true" />
        </form>
      )}
    </Dialog>
  );
}

/** Sets a field, or leaves it to its default. */
export function withText(texts: FieldTexts, name: string, text: string | undefined): FieldTexts {
  return text === undefined ? without(texts, name) : { ...texts, [name]: text };
}
