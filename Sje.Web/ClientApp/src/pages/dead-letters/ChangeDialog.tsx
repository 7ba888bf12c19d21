import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { changeLetters, letterKeys, readCounts, readGroup, type LetterFilter } from "../../api/deadLetters";
import { useBegun } from "../../api/operations";
import { Button, Dialog, ErrorState, Skeleton, TextField, Time } from "../../ui";
import { useAct } from "../parts";
import { filterInWords, isNarrowed, lettersInWords } from "./filter";

export interface Change {
  verb: "requeue" | "purge";
  filter: LetterFilter;
}

/** From how many on a purge wants its number typed. */
const TYPED_FROM = 100;

/** Says how many dead letters are meant, and which, before they are run again or dismissed. */
export function ChangeDialog({ change, onClose }: { change: Change; onClose(): void }) {
  const { verb, filter } = change;
  const act = useAct();
  const begun = useBegun();
  const [typed, setTyped] = useState("");
  const counts = useQuery({ queryKey: [...letterKeys.counts(filter), "preview"], queryFn: ({ signal }) => readCounts(filter, signal), staleTime: 0 });
  const group = useQuery({
    queryKey: ["dead-letters", "sample", filter.fingerprint],
    queryFn: async ({ signal }) => (await readGroup(filter.fingerprint ?? "", signal)) ?? null,
    enabled: filter.fingerprint !== undefined,
  });
  const total = counts.data?.total;
  const said = total === undefined ? "dead letters" : lettersInWords(total, counts.data?.countsUpTo);
  const deed = verb === "requeue" ? "Retry" : "Purge";
  const wanted = verb === "purge" && total !== undefined && total >= TYPED_FROM ? String(total) : undefined;
  const reason =
    total === undefined ? "They are being counted." : total === 0 ? "There are none any more." : wanted !== undefined && typed.replaceAll(",", "").trim() !== wanted ? `Type ${wanted} first.` : undefined;
  const words = filterInWords(filter);
  const go = async () => {
    const ended = await act.run(deed, async () => begun(await changeLetters(verb, filter)), { keys: [letterKeys.all] });
    if (ended) onClose();
  };
  return (
    <Dialog
      title={`${deed} ${said}?`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Keep them</Button>
          <Button tone={verb === "purge" ? "danger" : "primary"} busy={act.busy === deed} reason={reason} autoFocus={wanted === undefined} onClick={() => void go()}>
            {deed} {said}
          </Button>
        </>
      }
    >
      {counts.error ? <ErrorState error={counts.error} onRetry={() => void counts.refetch()} /> : total === undefined && <Skeleton lines={2} />}
      {group.data && (
        <div className="letters-sample">
          <span className="chip">{group.data.sample.class}</span> {group.data.sample.message ?? group.data.sample.reason}
          <p className="muted">
            {group.data.jobs.join(", ")} · first seen <Time at={group.data.firstSeenAt} />, last <Time at={group.data.lastSeenAt} />
          </p>
        </div>
      )}
      {words.length > 0 ? (
        <p>Those {words.join(", ")}.</p>
      ) : (
        !isNarrowed(filter) && <p>That is all that there are.</p>
      )}
      <p>
        {verb === "requeue"
          ? "Each gets a new attempt in its own execution, with failures counted from 0, and so does what was skipped behind it. Its attempts and logs stay."
          : "They are dismissed: no dead letters any more. Their executions, attempts and logs stay. This cannot be taken back."}
      </p>
      <p className="muted">The server works it off, also after a restart, and you can stop it on the way. What fails from now on is not touched.</p>
      {wanted !== undefined && <TextField label={`Type ${wanted} to go ahead`} value={typed} onChange={setTyped} inputMode="numeric" autoFocus />}
    </Dialog>
  );
}
