import { lazy, Suspense, useCallback, useEffect, useId, useMemo, useRef, useState, type ReactNode } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, get } from "../../../api/client";
import { jobPath, refreshJobs, saveJob, type Job } from "../../../api/jobs";
import { Button, ErrorState, Skeleton, Time, useConfirm, useToasts } from "../../../ui";
import { hasComments, isForeign, mediaTypeOf } from "../faults";
import { toYaml } from "../yaml";
import { DiffView } from "./DiffView";
import { Problems, ValidationMark } from "./Problems";
import { useDraft } from "./useDraft";
import { refused, useValidation, type Validation } from "./useValidation";

const TextEditor = lazy(() => import("./TextEditor"));

interface JobEditorProps {
  /** Under which the draft is kept. */
  draftKey: string;
  /** The text as it is saved, and its version; 0 is a new job. */
  saved: { text: string; version: number };
  /** The job's name; a new one takes it from its text. */
  name: string | null;
  readOnly: boolean;
  onSaved(job: Job): void;
  /** Drawn at the left of the tool bar. */
  tools?: ReactNode;
}

/** Somebody else's version that stands where this one was to go. */
interface Conflict {
  version: number;
  text: string;
}

/** The definition of a job as text: checked by the server while it is typed, kept as a draft until it is saved. */
export function JobEditor({ draftKey, saved, name, readOnly, onSaved, tools }: JobEditorProps) {
  const draft = useDraft(draftKey, saved);
  const { text } = draft;
  const live = useValidation(text, !readOnly || text !== "");
  const [refusal, setRefusal] = useState<{ text: string; said: Validation } | null>(null);
  const validation = refusal?.text === text ? refusal.said : live;
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [focus, setFocus] = useState<{ line: number; times: number } | null>(null);
  const [comparing, setComparing] = useState(false);
  const client = useQueryClient();
  const toasts = useToasts();
  const confirm = useConfirm();
  const help = useId();

  const save = useMutation({
    mutationFn: ({ over }: { over: number }) => saveJob(targetOf(name, validation), text, mediaTypeOf(text), over),
    onSuccess: async (job) => {
      setConflict(null);
      draft.settle(await toYaml(job.job), job.version);
      client.setQueryData(["jobs", "one", job.name], job);
      await refreshJobs(client);
      toasts.show({ text: `Saved “${job.name}” as version ${job.version}.`, tone: "success" });
      onSaved(job);
    },
    onError: async (error) => {
      if (error instanceof ApiError && (error.status === 412 || error.status === 409) && name !== null) {
        const theirs = await get<Job>(jobPath(name));
        setConflict({ version: theirs.version, text: await toYaml(theirs.job) });
      } else {
        const said = refused(error, text);
        if (said.state === "wrong") setRefusal({ text, said });
      }
    },
  });

  const reason = reasonAgainst(draft.isChanged, saved.version, validation);
  const trySave = useCallback(() => {
    if (reason === undefined && !save.isPending) save.mutate({ over: draft.baseVersion });
  }, [reason, save, draft.baseVersion]);

  const discard = async () => {
    const sure = await confirm({
      title: "Discard what you changed?",
      body: <p>The text goes back to {saved.version === 0 ? "the template" : `version ${saved.version}`}. This cannot be undone.</p>,
      action: "Discard changes",
    });
    if (sure) draft.reset();
  };

  const canonical = validation.job;
  const rewrite = async () => {
    if (canonical) draft.change(await toYaml(canonical));
  };

  const stale = draft.baseVersion !== saved.version;
  const comments = useMemo(() => hasComments(text), [text]);
  const failed = save.error && !conflict && refused(save.error, text).state !== "wrong" ? save.error : null;

  return (
    <div className="job-editor">
      <div className="job-bar">
        {tools}
        <ValidationMark validation={validation} />
        {draft.isChanged && (
          <span className="muted job-draft">
            Draft kept in this browser
            {draft.changedAt && (
              <>
                {" "}
                · <Time at={draft.changedAt} />
              </>
            )}
          </span>
        )}
        {!readOnly && (
          <div className="row job-bar-end">
            {canonical && isForeign(text) && (
              <Button onClick={() => void rewrite()} title="Rewrites the text in the form in which the server keeps it">
                Convert to SJE's form
              </Button>
            )}
            {draft.isChanged && saved.version > 0 && (
              <Button tone="quiet" aria-pressed={comparing} onClick={() => setComparing(!comparing)}>
                {comparing ? "Hide changes" : "Show changes"}
              </Button>
            )}
            {draft.isChanged && (
              <Button tone="quiet" onClick={() => void discard()}>
                Discard
              </Button>
            )}
            <Button tone="primary" icon="check" busy={save.isPending} reason={reason} onClick={trySave} aria-keyshortcuts="Control+S">
              Save
            </Button>
          </div>
        )}
      </div>

      {stale && !conflict && (
        <p className="job-notice" role="status">
          Version {saved.version} was saved since this draft was begun at version {draft.baseVersion}. Saving will show what is different.
        </p>
      )}
      {failed && <ErrorState title="Not saved: your text is kept here" error={failed} onRetry={trySave} />}
      {conflict && (
        <ConflictPanel
          conflict={conflict}
          mine={text}
          busy={save.isPending}
          onMine={() => save.mutate({ over: conflict.version })}
          onTheirs={() => {
            draft.change(conflict.text, conflict.version);
            setConflict(null);
            void refreshJobs(client);
          }}
          onClose={() => setConflict(null)}
        />
      )}
      {comparing && !conflict && draft.isChanged && (
        <DiffView left={saved.text} right={text} leftName={`version ${saved.version}`} rightName="your draft" />
      )}

      <div className="job-editor-box">
        <Suspense fallback={<Skeleton lines={12} />}>
          <TextEditor
            label={name === null ? "Definition of the new job" : `Definition of ${name}`}
            describedBy={help}
            value={text}
            readOnly={readOnly}
            faults={validation.faults}
            focus={focus}
            onChange={draft.change}
            onSave={trySave}
          />
        </Suspense>
      </div>
      <p id={help} className="job-help muted">
        {readOnly ? (
          "You may read this definition, not change it."
        ) : (
          <>
            Checked while you type. <kbd>Ctrl S</kbd> saves; <kbd>Esc</kbd>, then <kbd>Tab</kbd> leaves the editor.
            {comments && " Comments stay in your draft only: the server keeps the job itself, not its notation."}
          </>
        )}
      </p>
      <Problems
        faults={validation.faults}
        stale={validation.state === "checking"}
        onGo={(line) => setFocus((before) => ({ line, times: (before?.times ?? 0) + 1 }))}
      />
    </div>
  );
}

function ConflictPanel({
  conflict,
  mine,
  busy,
  onMine,
  onTheirs,
  onClose,
}: {
  conflict: Conflict;
  mine: string;
  busy: boolean;
  onMine(): void;
  onTheirs(): void;
  onClose(): void;
}) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.focus(), []);
  return (
    <section ref={panel} tabIndex={-1} className="job-conflict" role="alertdialog" aria-label="Somebody saved another version">
      <h3>Somebody saved version {conflict.version} in the meantime</h3>
      <p>Nothing is lost: your text is below and kept as a draft. This is how it differs from theirs.</p>
      <DiffView left={conflict.text} right={mine} leftName={`version ${conflict.version} (theirs)`} rightName="yours" />
      <div className="row">
        <Button tone="primary" busy={busy} onClick={onMine}>
          Keep mine: save over version {conflict.version}
        </Button>
        <Button onClick={onTheirs}>Take theirs</Button>
        <Button tone="quiet" onClick={onClose}>
          Go on editing
        </Button>
      </div>
    </section>
  );
}

/** The name to save under: that of the page, or the one that the text gives. */
function targetOf(name: string | null, validation: Validation): string {
  const written = validation.job?.["name"];
  return name ?? (typeof written === "string" ? written : "");
}

function reasonAgainst(changed: boolean, version: number, validation: Validation): string | undefined {
  if (!changed && version > 0) return "Nothing was changed";
  const count = validation.faults.length;
  if (validation.state === "wrong") return count === 1 ? "Mend the problem first" : `Mend the ${count} problems first`;
  return version === 0 && validation.state !== "valid" ? "The text is not checked yet" : undefined;
}
