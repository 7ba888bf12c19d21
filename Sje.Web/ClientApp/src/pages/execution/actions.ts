import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { messageOf } from "../../api/client";
import { type ExecutionDetail, type ExecutionChange, type TaskItem, useChangeExecution } from "../../api/executions";
import { useConfirm } from "../../ui/confirm";
import { useToasts } from "../../ui/toasts";
import { hasFailed } from "./focus";

/** Tasks that a retry would run again: those that did not succeed. */
export const notSucceeded = (tasks: readonly TaskItem[]) =>
  tasks.filter((task) => hasFailed(task) || task.state === "cancelled" || task.state === "skipped");

/** What a person can do to an execution here; each asks first where something ends, and says what became of it. */
export function useExecutionActions(execution: ExecutionDetail | undefined, tasks: readonly TaskItem[]) {
  const change = useChangeExecution(execution?.id ?? "");
  const confirm = useConfirm();
  const toasts = useToasts();
  const navigate = useNavigate();
  const name = execution?.name ?? "";
  const { mutateAsync } = change;

  const run = useCallback(
    async (what: ExecutionChange, said: string) => {
      try {
        await mutateAsync(what);
        toasts.show({ text: said, tone: "success" });
        return true;
      } catch (error) {
        toasts.show({ text: messageOf(error), tone: "failed" });
        return false;
      }
    },
    [mutateAsync, toasts],
  );

  return {
    busy: change.isPending,
    run,
    allows: (verb: string, task?: TaskItem) => (task ? task.actions : execution?.actions)?.includes(verb) ?? false,

    async cancel() {
      const running = tasks.filter((task) => task.state === "running").length;
      const yes = await confirm({
        title: `Cancel “${name}”?`,
        body:
          running > 0
            ? `${running === 1 ? "One task runs" : `${running} tasks run`} and will be stopped, with all of its processes. What waits is cancelled at once.`
            : "What waits is cancelled at once.",
        action: "Cancel execution",
        tone: "danger",
      });
      if (yes) await run({ verb: "cancel" }, `Cancelling “${name}”.`);
    },

    async retry() {
      const again = notSucceeded(tasks);
      const yes = await confirm({
        title: `Retry “${name}”?`,
        body: `${again.length === 1 ? `Task “${again[0]?.name}” runs` : `${again.length} tasks run`} again in this execution, with failures counted from 0. What succeeded is kept.`,
        action: "Retry",
        tone: "primary",
      });
      if (yes) await run({ verb: "retry" }, `Retrying “${name}”.`);
    },

    async retryTask(task: TaskItem) {
      const yes = await confirm({
        title: `Retry task “${task.name}”?`,
        body: "It runs again in this execution, with failures counted from 0, and then what depends on it.",
        action: "Retry task",
        tone: "primary",
      });
      if (yes) await run({ verb: "retryTask", task: task.id }, `Retrying “${task.name}”.`);
    },

    async skip(task: TaskItem) {
      const yes = await confirm({
        title: `Skip task “${task.name}”?`,
        body: "It will not run, and neither will what depends on it.",
        action: "Skip task",
        tone: "danger",
      });
      if (yes) await run({ verb: "skip", task: task.name }, `Skipped “${task.name}”.`);
    },

    open: (id: string) => void navigate({ to: `/executions/${id}` as string }),
  };
}

export type ExecutionActions = ReturnType<typeof useExecutionActions>;
