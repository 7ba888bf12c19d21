import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { useToasts } from "../../ui";

/** Says that an execution was started, with the way to it. */
export function useStarted(): (what: string, executionId: string) => void {
  const toasts = useToasts();
  const navigate = useNavigate();
  return useCallback(
    (what, executionId) => {
      toasts.show({
        text: `Started “${what}”.`,
        tone: "success",
        action: { label: "Open", run: () => void navigate({ to: `/executions/${executionId}` as never }) },
      });
    },
    [toasts, navigate],
  );
}
