import { useState } from "react";
import { letterKeys, useLetterCounts, useLetterGroups, type LetterGroup } from "../../api/deadLetters";
import { useOperations, type Operation } from "../../api/operations";
import { queryClient } from "../../base/query";
import { useUrl } from "../../base/url";
import { Button, ButtonLink, Card, Count, EmptyState, IconButton, PageHead, Select, Tabs, TextField, Time, useNow, useToasts } from "../../ui";
import { DataTable, type Column } from "../../ui/DataTable";
import { refusal } from "../parts";
import { ChangeDialog, type Change } from "./ChangeDialog";
import "./dead-letters.css";
import { filterOf, isNarrowed, lettersInWords, NO_FILTER, RANGES } from "./filter";
import { GroupPanel, Members } from "./GroupPanel";
import { OperationBars } from "./OperationBars";
import { endOf } from "../parts/operations";

/** Dead letters: what failed for good, by what it looks like; run again or dismissed one by one or all at once. */
export default function DeadLettersPage() {
  const [url, setUrl] = useUrl();
  const now = useNow();
  const toasts = useToasts();
  const filter = filterOf(url, now);
  const { class: _, ...withoutClass } = filter;
  const [change, setChange] = useState<Change>();
  const single = url.view === "all";

  const ended = (operation: Operation) => {
    void queryClient.invalidateQueries({ queryKey: letterKeys.all });
    const { text, failed } = endOf(operation);
    toasts.show({ text, tone: failed ? "failed" : "success" });
  };
  const { operations = [] } = useOperations("dead_letters.", ended);
  const running = operations.filter((operation) => operation.state === "running");

  const groups = useLetterGroups(filter);
  const counts = useLetterCounts(withoutClass);

  const byClass = counts.data?.counts ?? {};
  const total = Object.entries(byClass).reduce((sum, [name, count]) => (filter.class && filter.class !== name ? sum : sum + count), 0);
  const known = counts.data !== undefined;
  const classes = Object.keys({ ...byClass, ...(filter.class ? { [filter.class]: 0 } : {}) }).sort((a, b) => (byClass[b] ?? 0) - (byClass[a] ?? 0));
  const chosen = groups.rows?.find((group) => group.fingerprint === url.group);
  const narrowed = isNarrowed(filter);
  const ask = (verb: Change["verb"], group?: LetterGroup) => setChange({ verb, filter: group ? { ...filter, fingerprint: group.fingerprint } : filter });

  const columns: Column<LetterGroup>[] = [
    { id: "count", header: "Count", width: "72px", align: "end", cell: (group) => <strong><Count value={group.count} /></strong> },
    {
      id: "error",
      header: "Error",
      width: "minmax(200px, 4fr)",
      cell: (group) => (
        <span title={group.sample.message ?? undefined}>
          <span className="chip">{group.sample.class.replaceAll("_", " ")}</span> {group.sample.message ?? group.sample.reason}
        </span>
      ),
    },
    { id: "jobs", header: "Jobs", width: "minmax(110px, 1.5fr)", above: 640, cell: (group) => <span title={group.jobs.join(", ")}>{group.jobs.join(", ")}</span> },
    { id: "first", header: "First seen", width: "110px", above: 860, cell: (group) => <Time at={group.firstSeenAt} /> },
    { id: "last", header: "Last seen", width: "110px", above: 480, cell: (group) => <Time at={group.lastSeenAt} show="relative" /> },
    {
      id: "actions",
      header: <span className="visually-hidden">Actions</span>,
      width: "64px",
      align: "end",
      cell: (group) => (
        <>
          <IconButton icon="retry" label={`Retry ${lettersInWords(group.count)}: ${group.sample.message ?? group.sample.class}`} reason={refusal(group.sample, "requeue")} onClick={() => ask("requeue", group)} />
          <IconButton icon="trash" label={`Purge ${lettersInWords(group.count)}: ${group.sample.message ?? group.sample.class}`} reason={refusal(group.sample, "purge")} onClick={() => ask("purge", group)} />
        </>
      ),
    },
  ];

  const empty = narrowed ? (
    <EmptyState icon="filter" title="Nothing matches" actions={<Button onClick={() => setUrl(NO_FILTER)}>Clear filters</Button>}>
      No dead letter meets these filters.
    </EmptyState>
  ) : (
    <EmptyState icon="check" title="No dead letters" actions={<ButtonLink to="/executions">Executions</ButtonLink>}>
      Nothing has failed for good, or all of it was run again or dismissed.
    </EmptyState>
  );

  return (
    <div className="filling">
      <PageHead
        title="Dead letters"
        beside={known && <span className="muted">{total === 0 ? "" : `${lettersInWords(total, counts.data?.countsUpTo)}${narrowed ? " match" : ""}`}</span>}
        actions={
          total > 0 && (
            <>
              <Button icon="retry" reason={groups.rows?.[0] && refusal(groups.rows[0].sample, "requeue")} onClick={() => ask("requeue")}>
                {narrowed ? "Retry all that match" : "Retry all"}
              </Button>
              <Button icon="trash" tone="danger" reason={groups.rows?.[0] && refusal(groups.rows[0].sample, "purge")} onClick={() => ask("purge")}>
                {narrowed ? "Purge all that match" : "Purge all"}
              </Button>
            </>
          )
        }
      />
      {running.length > 0 && <OperationBars operations={running} />}
      {(narrowed || total > 0) && (
        <div className="letters-filters" role="search" aria-label="Filter dead letters">
          <TextField label="Search" hideLabel type="search" placeholder="Job, label or message" value={url.q ?? ""} onChange={(q) => setUrl({ q: q || undefined }, { replace: true })} />
          <Select
            label="Failure class"
            hideLabel
            value={url.class ?? ""}
            onChange={(value) => setUrl({ class: value || undefined })}
            options={[{ value: "", label: "All failure classes" }, ...classes.map((name) => ({ value: name, label: `${name.replaceAll("_", " ")} (${(byClass[name] ?? 0).toLocaleString("en-US")})` }))]}
          />
          <TextField label="Job" hideLabel placeholder="Job (exact)" value={url.job ?? ""} onChange={(job) => setUrl({ job: job || undefined }, { replace: true })} />
          <TextField label="Queue" hideLabel placeholder="Queue (exact)" value={url.queue ?? ""} onChange={(queue) => setUrl({ queue: queue || undefined }, { replace: true })} />
          <Select label="Failed within" hideLabel value={url.range ?? ""} onChange={(range) => setUrl({ range: range || undefined })} options={RANGES.map(({ value, label }) => ({ value, label }))} />
          {narrowed && (
            <Button tone="quiet" icon="close" onClick={() => setUrl(NO_FILTER)}>
              Clear
            </Button>
          )}
        </div>
      )}
      <Tabs
        label="How dead letters are listed"
        tabs={[
          { id: "groups", label: "By error" },
          { id: "all", label: "One by one" },
        ]}
        selected={single ? "all" : "groups"}
        onSelect={(id) => setUrl({ view: id === "all" ? "all" : undefined, group: undefined })}
      >
        {single ? (
          <Card flush className="filling letters-all">
            {known && total === 0 ? empty : <Members filter={filter} all />}
          </Card>
        ) : (
          <div className="split">
            <Card flush>
              <DataTable
                label="Dead letters by error"
                rows={groups.rows}
                columns={columns}
                rowKey={(group) => group.fingerprint}
                current={url.group}
                onOpen={(group) => setUrl({ group: group.fingerprint === url.group ? undefined : group.fingerprint })}
                refetching={groups.isPlaceholderData}
                error={groups.error}
                onRetry={() => void groups.refetch()}
                hasMore={groups.hasNextPage}
                onMore={() => void groups.fetchNextPage()}
                rowKeys={[
                  { key: "r", help: "Retry the group", run: (group) => !refusal(group.sample, "requeue") && ask("requeue", group) },
                  { key: "Delete", help: "Purge the group", run: (group) => !refusal(group.sample, "purge") && ask("purge", group) },
                ]}
                empty={empty}
              />
            </Card>
            {chosen && (
              <GroupPanel
                key={chosen.fingerprint}
                group={chosen}
                filter={filter}
                onClose={() => setUrl({ group: undefined })}
                onRetry={() => ask("requeue", chosen)}
                onPurge={() => ask("purge", chosen)}
              />
            )}
          </div>
        )}
      </Tabs>
      {change && <ChangeDialog change={change} onClose={() => setChange(undefined)} />}
    </div>
  );
}
