import { useState } from "react";
import { changeLetter, letterKeys, useLetter, useLetters, type Letter, type LetterFilter, type LetterGroup } from "../../api/deadLetters";
import { Button, CopyButton, Count, EmptyState, ErrorState, IconButton, PageLink, Skeleton, StateMark, Time, useConfirm } from "../../ui";
import { DataTable, type Column } from "../../ui/DataTable";
import { Facts, Panel, refusal, useAct } from "../parts";
import { textOfError } from "./errors";
import { lettersInWords } from "./filter";

/** One group of dead letters: what happened, and each of them. */
export function GroupPanel({
  group,
  filter,
  onClose,
  onRetry,
  onPurge,
}: {
  group: LetterGroup;
  filter: LetterFilter;
  onClose(): void;
  onRetry(): void;
  onPurge(): void;
}) {
  const [shown, setShown] = useState<string>();
  const { sample } = group;
  return (
    <Panel
      title={sample.message ?? sample.reason ?? sample.class}
      onClose={onClose}
      actions={
        <>
          <Button icon="retry" tone="primary" reason={refusal(sample, "requeue")} onClick={onRetry}>
            Retry {group.count === 1 ? "it" : `all ${group.count.toLocaleString("en-US")}`}
          </Button>
          <Button icon="trash" tone="danger" reason={refusal(sample, "purge")} onClick={onPurge}>
            Purge
          </Button>
        </>
      }
    >
      <Facts
        facts={[
          { name: "Failure class", value: <span className="chip">{sample.class}</span> },
          { name: "How many", value: lettersInWords(group.count) },
          { name: "Jobs", value: group.jobs.map((job, index) => <span key={job}>{index > 0 && ", "}<PageLink to={`/jobs/${encodeURIComponent(job)}`}>{job}</PageLink></span>) },
          { name: "First seen", value: <Time at={group.firstSeenAt} show="full" /> },
          { name: "Last seen", value: <Time at={group.lastSeenAt} show="full" /> },
          {
            name: "Fingerprint",
            value: (
              <span className="row">
                <span className="mono">{group.fingerprint}</span> <CopyButton text={group.fingerprint} label="Copy fingerprint" />
              </span>
            ),
          },
        ]}
      />
      <Sample id={shown ?? sample.id} newest={shown === undefined} />
      <section className="letters-members">
        <h3>Each of them</h3>
        <Members filter={{ ...filter, fingerprint: group.fingerprint }} current={shown ?? sample.id} onShow={setShown} />
      </section>
    </Panel>
  );
}

function Sample({ id, newest }: { id: string; newest: boolean }) {
  const read = useLetter(id);
  const detail = read.data?.items[0];
  if (!detail) {
    return read.error ? <ErrorState error={read.error} onRetry={() => void read.refetch()} title="This one is no dead letter any more" /> : <Skeleton lines={6} />;
  }
  const { letter, error, attempts, skipped } = detail;
  const { log, rest } = textOfError(error);
  return (
    <section aria-label="What happened">
      <h3>
        {newest ? "The newest: " : ""}
        <PageLink to={`/executions/${letter.executionId}?task=${encodeURIComponent(letter.task)}`}>
          {letter.job}
          {letter.task !== "main" && ` · ${letter.task}`}
        </PageLink>
      </h3>
      <Facts
        facts={[
          letter.reason ? { name: "Why not again", value: letter.reason } : undefined,
          letter.exitCode != null && { name: "Exit code", value: letter.exitCode },
          letter.signal != null && { name: "Signal", value: letter.signal },
          { name: "Attempts", value: <AttemptLinks letter={letter} numbers={attempts.map(({ number, outcome }) => ({ number, outcome: outcome ?? "running" }))} /> },
          skipped.length > 0 && { name: "Skipped behind it", value: skipped.join(", ") },
        ]}
      />
      {(log || rest) && <pre className="letters-log" tabIndex={0} aria-label="Error and the end of the log">{[rest, log].filter(Boolean).join("\n")}</pre>}
    </section>
  );
}

function AttemptLinks({ letter, numbers }: { letter: Letter; numbers: { number: number; outcome: string }[] }) {
  return (
    <span className="row">
      {[...numbers]
        .sort((a, b) => a.number - b.number)
        .slice(-10)
        .map(({ number, outcome }) => (
          <PageLink key={number} to={`/executions/${letter.executionId}?task=${encodeURIComponent(letter.task)}&attempt=${number}`} className="row letters-attempt">
            {number} <StateMark state={outcome} />
          </PageLink>
        ))}
    </span>
  );
}

/** The dead letters under a filter, one by one. */
export function Members({ filter, current, onShow, all = false }: { filter: LetterFilter; current?: string; onShow?(id: string): void; all?: boolean }) {
  const list = useLetters(filter);
  const act = useAct();
  const confirm = useConfirm();
  const retry = (letter: Letter) => act.run(letter.id, () => changeLetter("requeue", letter.id), { said: `“${letter.job}” is tried again.`, keys: [letterKeys.all] });
  const purge = async (letter: Letter) => {
    const sure = await confirm({
      title: `Purge the dead letter of “${letter.job}”?`,
      body: <p>It is dismissed; its execution, attempts and log stay. This cannot be taken back.</p>,
      action: "Purge 1 dead letter",
      tone: "danger",
    });
    if (sure) await act.run(letter.id, () => changeLetter("purge", letter.id), { said: `Purged the dead letter of “${letter.job}”.`, keys: [letterKeys.all] });
  };
  const columns: Column<Letter>[] = [
    { id: "failed", header: "Failed", width: all ? "120px" : "100px", cell: (letter) => <Time at={letter.failedAt} /> },
    {
      id: "execution",
      header: "Execution",
      width: "minmax(110px, 1.5fr)",
      cell: (letter) => (
        <PageLink to={`/executions/${letter.executionId}?task=${encodeURIComponent(letter.task)}`} title={letter.message ?? undefined}>
          {letter.job}
          {letter.task !== "main" && ` · ${letter.task}`}
        </PageLink>
      ),
    },
    ...(all
      ? ([
          { id: "error", header: "Error", width: "minmax(160px, 3fr)", above: 700, cell: (letter: Letter) => <span title={letter.message ?? undefined}><span className="chip">{letter.class}</span> {letter.message ?? letter.reason}</span> },
          { id: "queue", header: "Queue", width: "100px", above: 860, cell: (letter: Letter) => letter.queue },
        ] satisfies Column<Letter>[])
      : []),
    { id: "label", header: "Label", width: "minmax(60px, 1fr)", above: 480, cell: (letter) => letter.label ?? <span className="muted">–</span> },
    { id: "attempt", header: "Tries", width: "44px", align: "end", cell: (letter) => <Count value={letter.attempt} /> },
    {
      id: "actions",
      header: <span className="visually-hidden">Actions</span>,
      width: "60px",
      align: "end",
      cell: (letter) => (
        <>
          <IconButton icon="retry" label={`Retry ${letter.job}`} busy={act.busy === letter.id} reason={refusal(letter, "requeue")} onClick={() => void retry(letter)} />
          <IconButton icon="trash" label={`Purge ${letter.job}`} reason={refusal(letter, "purge")} onClick={() => void purge(letter)} />
        </>
      ),
    },
  ];
  return (
    <DataTable
      label="Dead letters"
      primary={all}
      height={all ? undefined : "280px"}
      rows={list.rows}
      columns={columns}
      rowKey={(letter) => letter.id}
      current={current}
      onOpen={onShow && ((letter) => onShow(letter.id))}
      href={onShow ? undefined : (letter) => `/executions/${letter.executionId}?task=${encodeURIComponent(letter.task)}`}
      refetching={list.isPlaceholderData}
      error={list.error}
      onRetry={() => void list.refetch()}
      hasMore={list.hasNextPage}
      onMore={() => void list.fetchNextPage()}
      rowKeys={[
        { key: "r", help: "Retry the dead letter", run: (letter) => void (refusal(letter, "requeue") ? undefined : retry(letter)) },
        { key: "Delete", help: "Purge the dead letter", run: (letter) => void (refusal(letter, "purge") ? undefined : purge(letter)) },
      ]}
      empty={<EmptyState icon="check" title="None is left" />}
    />
  );
}
