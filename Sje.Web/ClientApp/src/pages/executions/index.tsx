import "./executions.css";
import { useQueryClient } from "@tanstack/react-query";
import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { messageOf } from "../../api/client";
import { changeExecution, type ExecutionItem, executionKeys, patchExecutions, readExecutions } from "../../api/executions";
import { useSession } from "../../api/session";
import { useOperations } from "../../api/operations";
import { count } from "../../base/format";
import { useUrl, writeSearch } from "../../base/url";
import { Button, ButtonLink } from "../../ui/Button";
import { PageHead } from "../../ui/Card";
import { useConfirm } from "../../ui/confirm";
import { DataTable, type Sort } from "../../ui/DataTable";
import { EmptyState } from "../../ui/placeholders";
import { useToasts } from "../../ui/toasts";
import { BulkBar, endOf, RunningOperations } from "./Bulk";
import { columns } from "./columns";
import { filterNames, readFilter, showsAll, writeFilter } from "./filters";
import { Filters } from "./Filters";
import { anchorOf, cursorAt, noteShown } from "./place";
import { listQuery, selectionOf, totalOf } from "./query";
import { useExecutions } from "./useExecutions";

const sorts = new Set(["accepted", "started", "finished", "duration"]);

/** Every execution: to find one, and to change many. */
export default function ExecutionsPage() {
  const [url, setUrl] = useUrl();
  const client = useQueryClient();
  const toasts = useToasts();
  const key = writeSearch(Object.fromEntries([...filterNames, "range", "sort"].map((name) => [name, url[name]])));
  const filter = useMemo(() => readFilter(url), [key]);
  const range = url["range"];
  // "The last hour" means the hour before it was chosen: with a moving beginning every look would be another list.
  const query = useMemo(() => listQuery(filter, range, Date.now()), [filter, range]);
  const sort = sortOf(url["sort"]);
  const order = `${sort.descending ? "-" : ""}${sort.key}`;
  const anchor = useMemo(() => anchorOf(key, url["cursor"]), [key, url["cursor"]]);
  const host = useRef<HTMLDivElement>(null);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const calm = () => selected.size === 0 && isCalm(host.current);
  const { list, rows, counts, more, fresh, showFresh } = useExecutions(query, order, anchor, calm);

  const mayChange = useSession().data?.role !== "viewer";
  const [everything, setEverything] = useState(false);
  useEffect(() => {
    setSelected(new Set());
    setEverything(false);
  }, [key]);

  const { operations } = useOperations("executions.", (ended) => {
    toasts.show({ text: endOf(ended), tone: ended.failed > 0 ? "failed" : "success" });
    void client.invalidateQueries({ queryKey: executionKeys.lists });
  });

  const row = useRowActions();
  useCursorInUrl(host, key, anchor, list.data?.pages, setUrl);
  const total = counts ? totalOf(counts.counts, filter.states) : undefined;
  const totalText =
    total === undefined ? "" : counts && total >= counts.countsUpTo ? `${count(counts.countsUpTo)}+` : count(total);
  const nothingAtAll = showsAll(filter) && !range;

  return (
    <div className="xs">
      <PageHead
        title="Executions"
        beside={totalText && <span className="muted">{totalText}</span>}
        actions={
          <>
            {fresh > 0 && (
              <Button icon="up" className="xs-fresh" onClick={() => void toNewest()}>
                {count(fresh)} new
              </Button>
            )}
            {anchor !== undefined && (
              <Button icon="first" onClick={() => setUrl({ cursor: undefined })}>
                To the newest
              </Button>
            )}
          </>
        }
      />
      <Filters
        filter={filter}
        range={range}
        url={url}
        counts={counts?.counts}
        countsUpTo={counts?.countsUpTo ?? Infinity}
        setUrl={setUrl}
      />
      <RunningOperations operations={(operations ?? []).filter((one) => one.state === "running")} />
      {selected.size > 0 && (
        <BulkBar
          selected={selected}
          everything={everything}
          total={totalText}
          selection={selectionOf(query)}
          onEverything={() => {
            setEverything(true);
            setSelected(new Set(rows?.map((one) => one.id)));
          }}
          onClear={() => {
            setSelected(new Set());
            setEverything(false);
          }}
        />
      )}
      <div className="xs-list" ref={host}>
        <DataTable
          key={key}
          label="Executions"
          rows={rows}
          columns={columns}
          rowKey={(one) => one.id}
          href={(one) => `/executions/${one.id}`}
          refetching={list.isPlaceholderData}
          error={list.error ?? undefined}
          onRetry={() => void list.refetch()}
          sort={sort}
          onSort={(next) =>
            setUrl({
              sort: next.key === "accepted" && next.descending ? undefined : `${next.descending ? "-" : ""}${next.key}`,
              cursor: undefined,
            })
          }
          selection={selected}
          onSelect={
            mayChange
              ? (next) => {
                  setEverything(false);
                  setSelected(next);
                }
              : undefined
          }
          hasMore={list.hasNextPage}
          onMore={more}
          total={total}
          scrollName={`executions${key}`}
          rowKeys={[
            { key: "r", help: "Retry", run: (one) => void row.retry(one) },
            { key: "c", help: "Cancel", run: (one) => void row.cancel(one) },
          ]}
          empty={
            nothingAtAll ? (
              <EmptyState title="No executions yet" actions={<ButtonLink to="/ops">Run a sample job</ButtonLink>}>
                What is submitted, scheduled or started by hand appears here.
              </EmptyState>
            ) : (
              <EmptyState
                title="Nothing matches"
                actions={
                  <Button onClick={() => setUrl({ ...writeFilter({}), range: undefined, cursor: undefined })}>
                    Clear filters
                  </Button>
                }
              >
                No execution meets all filters.
              </EmptyState>
            )
          }
        />
      </div>
    </div>
  );

  async function toNewest() {
    setUrl({ cursor: undefined }, { replace: true });
    await showFresh();
    document.querySelector(".xs-list .table-scroll")?.scrollTo({ top: 0 });
  }
}

function sortOf(text: string | undefined): Sort {
  const key = text?.replace(/^-/, "");
  return key && sorts.has(key) ? { key, descending: text?.startsWith("-") ?? false } : { key: "accepted", descending: true };
}

/** Retry and cancel of one row, each after a question, the row patched at once. */
function useRowActions() {
  const client = useQueryClient();
  const confirm = useConfirm();
  const toasts = useToasts();
  const change = async (
    row: ExecutionItem,
    verb: "retry" | "cancel",
    title: string,
    action: string,
    tone: "primary" | "danger",
  ) => {
    if (!row.actions?.includes(verb)) {
      toasts.show({ text: `“${row.name}” cannot be ${verb === "retry" ? "retried" : "cancelled"} now.` });
      return;
    }
    if (!(await confirm({ title, action, tone }))) return;
    try {
      await changeExecution(row.id, { verb });
      patchExecutions(client, await readExecutions([row.id]));
    } catch (error) {
      toasts.show({ text: messageOf(error), tone: "failed" });
    }
  };
  return {
    retry: (row: ExecutionItem) => change(row, "retry", `Retry “${row.name}”?`, "Retry", "primary"),
    cancel: (row: ExecutionItem) => change(row, "cancel", `Cancel “${row.name}”?`, "Cancel execution", "danger"),
  };
}

/** Writes the page that is on top into the address while a person scrolls, so that a sent link shows the same rows. */
function useCursorInUrl(
  host: RefObject<HTMLDivElement | null>,
  key: string,
  anchor: string | undefined,
  pages: readonly { items: readonly unknown[]; nextCursor?: string | null }[] | undefined,
  setUrl: (change: { cursor: string | undefined }, options: { replace: boolean }) => void,
) {
  const latest = useRef({ key, anchor, pages, setUrl });
  useEffect(() => {
    latest.current = { key, anchor, pages, setUrl };
  });
  const written = useRef(anchor);
  useEffect(() => {
    written.current = anchor;
  }, [key, anchor]);
  useEffect(() => {
    const element = host.current?.querySelector(".table-scroll");
    if (!element) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onScroll = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const now = latest.current;
        const rowHeight = element.querySelector(".table-body .table-row")?.clientHeight || 32;
        const cursor = cursorAt(now.pages ?? [], Math.floor(element.scrollTop / rowHeight), now.anchor);
        if (cursor === written.current) return;
        written.current = cursor;
        noteShown(now.key, cursor);
        now.setUrl({ cursor }, { replace: true });
      }, 250);
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      clearTimeout(timer);
      element.removeEventListener("scroll", onScroll);
    };
  }, [host, key]);
}

/** Whether nobody reads in the list: it is at its top, and neither the pointer nor the keyboard is in it. */
function isCalm(list: HTMLElement | null): boolean {
  if (!list || list.matches(":hover") || list.contains(document.activeElement)) return false;
  return (list.querySelector(".table-scroll")?.scrollTop ?? 0) < 8;
}
