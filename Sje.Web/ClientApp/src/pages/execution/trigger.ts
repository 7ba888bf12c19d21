import type { ExecutionItem } from "../../api/executions";

type Started = Pick<ExecutionItem, "trigger" | "schedule" | "acceptedBy" | "rerunOf">;

/** What started an execution, in words; `to` leads to it where it has a page. */
export function triggerOf(execution: Started): { words: string; to?: string } {
  const by = execution.acceptedBy && execution.acceptedBy !== "anonymous" ? ` by ${execution.acceptedBy}` : "";
  if (execution.rerunOf) return { words: `Rerun${by}`, to: `/executions/${execution.rerunOf}` };
  if (execution.schedule) {
    const to = `/schedules/${encodeURIComponent(execution.schedule)}`;
    return execution.trigger === "schedule" ? { words: "Schedule", to } : { words: `Schedule, triggered${by}`, to };
  }
  switch (execution.trigger) {
    case "api":
      return { words: `Submitted${by}` };
    case "manual":
      return { words: `Started${by}` };
    default:
      return { words: `${execution.trigger.charAt(0).toUpperCase()}${execution.trigger.slice(1)}${by}` };
  }
}

const named: Record<number, string> = { [-10]: "low", 0: "normal", 10: "high", 20: "urgent", 30: "critical" };

/** A priority by its word where it has one. */
export const priorityWord = (priority: number) => named[priority] ?? String(priority);
