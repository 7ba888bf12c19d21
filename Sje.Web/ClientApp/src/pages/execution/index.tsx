import "./execution.css";
import { useParams } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "../../api/client";
import { useKeys } from "../../base/keys";
import { useUrl } from "../../base/url";
import { ButtonLink } from "../../ui/Button";
import { PageHead } from "../../ui/Card";
import { EmptyState, ErrorState, Skeleton } from "../../ui/placeholders";
import { Tabs } from "../../ui/Tabs";
import { useExecutionActions } from "./actions";
import { Answer, TaskFacts } from "./Answer";
import { ExecutionHead } from "./ExecutionHead";
import { chooseTask, hasFailed, neighbour } from "./focus";
import { OverviewTab } from "./OverviewTab";
import { readSearch, type TabName } from "./search";
import { useExecutionPage } from "./useExecutionPage";
import { useSparkTasks } from "./useSparkTasks";

const GraphTab = lazy(() => import("./graph/GraphTab"));
const MetricsTab = lazy(() => import("./metrics/MetricsTab"));
const ParametersTab = lazy(() => import("./ParametersTab"));
const EventsTab = lazy(() => import("./EventsTab"));
const AttemptsTab = lazy(() => import("./AttemptsTab"));
const RerunDialog = lazy(() => import("./RerunDialog"));
const PlaceDialog = lazy(() => import("./PlaceDialog"));

/** One execution: opens at the answer to the question why it is as it is. */
export default function ExecutionPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  // Another execution is another page: nothing of the one before may stand on it.
  return <OneExecution key={id} id={id} />;
}

function OneExecution({ id }: { id: string }) {
  const [url, setUrl] = useUrl();
  const search = readSearch(url);
  const page = useExecutionPage(id);
  const { execution, tasks } = page;
  const actions = useExecutionActions(execution, tasks);
  const [dialog, setDialog] = useState<"rerun" | "place">();
  const failures = (execution?.taskCounts["failed"] ?? 0) + (execution?.taskCounts["timed_out"] ?? 0);
  const focused = useFocus(tasks, search.task, page.tasksComing, failures > 0);
  const spark = useSparkTasks(id, tasks);

  const focus = useCallback(
    (task: string, attempt?: number) =>
      setUrl(
        { task, attempt: attempt === undefined ? undefined : String(attempt), line: undefined },
        { replace: search.task !== undefined },
      ),
    [setUrl, search.task],
  );
  const step = (by: 1 | -1) => {
    const next = neighbour(tasks, focused?.name, by);
    if (next) focus(next.name);
  };
  useKeys("Execution", [
    { key: "[", help: "Previous task", run: () => step(-1) },
    { key: "]", help: "Next task", run: () => step(1) },
    ...(actions.allows("retry") ? [{ key: "r", help: "Retry", run: () => void actions.retry() }] : []),
    ...(actions.allows("cancel") && !execution?.cancelRequestedAt
      ? [{ key: "c", help: "Cancel", run: () => void actions.cancel() }]
      : []),
  ]);

  if (!execution) {
    if (page.error instanceof ApiError && (page.error.isNotFound || page.error.status === 400)) {
      return (
        <>
          <PageHead title="No such execution" />
          <EmptyState
            title={`There is no execution ${id}`}
            actions={<ButtonLink to={`/executions?q=${encodeURIComponent(id)}`}>Search the executions for it</ButtonLink>}
          >
            It may have been removed: history is kept for as long as the settings say.
          </EmptyState>
        </>
      );
    }
    return page.error ? (
      <>
        <PageHead title="Execution" />
        <ErrorState error={page.error} onRetry={page.retry} />
      </>
    ) : (
      <>
        <title>Execution – SJE</title>
        <Skeleton height={36} width="40%" />
        <Skeleton height={20} width="70%" />
        <Skeleton height={240} />
      </>
    );
  }

  const sparkTask = spark.find((one) => one.task === focused?.name);
  const attemptCount = [...page.attempts.values()].reduce((sum, list) => sum + list.length, 0);
  return (
    <div className="xp">
      <ExecutionHead
        execution={execution}
        tasks={tasks}
        actions={actions}
        onRerun={() => setDialog("rerun")}
        onPlace={() => setDialog("place")}
      />
      {page.error != null && <ErrorState error={page.error} title="This is no longer up to date" onRetry={page.retry} />}
      <Answer execution={execution} tasks={tasks} task={focused} actions={actions} onFocus={focus} />
      <Tabs
        label="Parts of the execution"
        selected={search.tab}
        onSelect={(tab) => setUrl({ tab: tab === "overview" ? undefined : tab }, { replace: true })}
        tabs={[
          { id: "overview", label: "Overview" },
          ...(tasks.length > 1 ? [{ id: "graph", label: "Graph", count: tasks.length }] : []),
          { id: "metrics", label: "Metrics" },
          { id: "parameters", label: "Parameters" },
          { id: "events", label: "Events" },
          { id: "attempts", label: "Attempts", count: page.attemptsRead ? attemptCount : undefined },
        ]}
      >
        {search.tab !== "attempts" && search.tab !== "events" && focused && (
          <TaskFacts task={focused} sparkUi={sparkTask?.application?.ui} />
        )}
        <Suspense fallback={<Skeleton height={240} />}>{panel(search.tab)}</Suspense>
      </Tabs>
      <Suspense fallback={null}>
        {dialog === "rerun" && (
          <RerunDialog execution={execution} onClose={() => setDialog(undefined)} onStarted={actions.open} />
        )}
        {dialog === "place" && (
          <PlaceDialog
            title={`Place “${execution.name}” in line`}
            priority={execution.priority}
            queue={execution.queue}
            canPrioritize={actions.allows("prioritize")}
            canMove={actions.allows("move")}
            onPlace={(place) => actions.run({ verb: "place", ...place }, `Changed the place of “${execution.name}”.`)}
            onClose={() => setDialog(undefined)}
          />
        )}
      </Suspense>
    </div>
  );

  function panel(tab: TabName) {
    if (!execution) return null;
    switch (tab) {
      case "overview":
        return (
          <OverviewTab
            execution={execution}
            tasks={tasks}
            tasksComing={page.tasksComing}
            attempts={page.attempts}
            focused={focused}
            search={search}
            setUrl={setUrl}
            onFocus={focus}
          />
        );
      case "graph":
        return <GraphTab tasks={tasks} focused={focused?.name} onFocus={focus} />;
      case "metrics":
        return <MetricsTab tasks={tasks} focused={focused} spark={spark} onFocus={focus} />;
      case "parameters":
        return <ParametersTab execution={execution} task={focused} />;
      case "events":
        return (
          <EventsTab
            id={id}
            acceptedAt={execution.acceptedAt}
            tasks={tasks}
            onFocus={(task) => setUrl({ task, attempt: undefined, line: undefined, tab: undefined })}
          />
        );
      case "attempts":
        return (
          <AttemptsTab
            attempts={page.attempts}
            read={page.attemptsRead}
            tasks={tasks}
            focused={focused}
            onlyFocused={search.only === "focused"}
            onOnlyFocused={(only) => setUrl({ only: only ? "focused" : undefined }, { replace: true })}
            onOpen={(attempt) =>
              setUrl({ task: attempt.task, attempt: String(attempt.number), line: undefined, tab: undefined, only: undefined })
            }
          />
        );
    }
  }
}

/**
 * The focused task. The page's own choice stays while tasks come and go, so that nothing moves under a reader's eyes; only a failure takes the
 * focus, and never from a task that was chosen by hand.
 */
function useFocus(
  tasks: ReturnType<typeof useExecutionPage>["tasks"],
  asked: string | undefined,
  coming: boolean,
  failed: boolean,
) {
  const kept = useRef<string>(undefined);
  const before = kept.current === undefined ? undefined : tasks.find((task) => task.name === kept.current);
  // The failure may be among the tasks that are still being read; until then no other one is in its place, and the server chooses the log.
  const unknown = asked === undefined && coming && failed && !tasks.some(hasFailed);
  const chosen = unknown ? undefined : chooseTask(tasks, asked);
  const stays = asked === undefined && before && !coming && (!chosen || !hasFailed(chosen) || hasFailed(before));
  const focused = stays ? before : chosen;
  useEffect(() => {
    kept.current = focused?.name;
  });
  return focused;
}
