import { lazy, Suspense, useState } from "react";
import { beginBulk, type BulkChange, type BulkSelection, type BulkVerb, countBulk } from "../../api/bulk";
import { messageOf } from "../../api/client";
import { cancelOperation, type Operation, useBegun } from "../../api/operations";
import { count } from "../../base/format";
import { Button } from "../../ui/Button";
import { useConfirm } from "../../ui/confirm";
import { StateIcon } from "../../ui/StateMark";
import { useToasts } from "../../ui/toasts";
import { Progress } from "../../ui/values";

const PlaceDialog = lazy(() => import("../execution/PlaceDialog"));

const words: Record<BulkVerb, { title(n: string): string; action: string; body: string; begun: string }> = {
  cancel: {
    title: (n) => `Cancel ${n}?`,
    action: "Cancel executions",
    body: "What waits is cancelled at once; what runs is stopped, with all of its processes.",
    begun: "Cancelling",
  },
  retry: {
    title: (n) => `Retry ${n}?`,
    action: "Retry executions",
    body: "What did not succeed runs again in the same executions, with failures counted from 0.",
    begun: "Retrying",
  },
  prioritize: {
    title: (n) => `Change the priority of ${n}?`,
    action: "Change priority",
    body: "For what waits; what runs goes on.",
    begun: "Changing the priority of",
  },
  move: {
    title: (n) => `Move ${n} to another queue?`,
    action: "Move executions",
    body: "For what waits; what runs goes on.",
    begun: "Moving",
  },
};

/** What can be done to the chosen rows, or to all that the filter finds: each as an operation of the server's. */
export function BulkBar({
  selected,
  everything,
  total,
  selection,
  onEverything,
  onClear,
}: {
  selected: ReadonlySet<string>;
  /** Whether all that match are meant, also those that have not been read. */
  everything: boolean;
  total: string;
  /** The filter as the server's selection. */
  selection: BulkSelection;
  onEverything(): void;
  onClear(): void;
}) {
  const confirm = useConfirm();
  const toasts = useToasts();
  const begun = useBegun();
  const [busy, setBusy] = useState<BulkVerb>();
  const [placing, setPlacing] = useState(false);
  const meant: BulkSelection = everything ? selection : { ids: [...selected] };

  const begin = async (verb: BulkVerb, change: BulkChange) => {
    setBusy(verb);
    try {
      const matched = await countBulk(verb, meant, change);
      if (matched === 0) {
        toasts.show({ text: "Nothing of what is chosen can be changed so now." });
        return;
      }
      const n = `${count(matched)} ${matched === 1 ? "execution" : "executions"}`;
      const text = words[verb];
      if (
        !(await confirm({
          title: text.title(n),
          body: text.body,
          action: text.action,
          tone: verb === "cancel" ? "danger" : "primary",
        }))
      ) {
        return;
      }
      begun(await beginBulk(verb, meant, change));
      toasts.show({ text: `${text.begun} ${n}.` });
      onClear();
    } catch (error) {
      toasts.show({ text: messageOf(error), tone: "failed" });
    } finally {
      setBusy(undefined);
    }
  };

  return (
    <div className="xs-bulk" role="region" aria-label="Chosen executions">
      <strong>{everything ? `All ${total} that match` : `${count(selected.size)} chosen`}</strong>
      {!everything && (
        <Button tone="quiet" onClick={onEverything}>
          Choose all {total} that match
        </Button>
      )}
      <span className="xs-bulk-actions">
        <Button icon="retry" busy={busy === "retry"} onClick={() => void begin("retry", {})}>
          Retry
        </Button>
        <Button icon="priority" onClick={() => setPlacing(true)}>
          Place in line
        </Button>
        <Button icon="stop" tone="danger" busy={busy === "cancel"} onClick={() => void begin("cancel", {})}>
          Cancel
        </Button>
        <Button tone="quiet" icon="close" onClick={onClear}>
          Clear
        </Button>
      </span>
      {placing && (
        <Suspense fallback={null}>
          <PlaceDialog
            title="Place the chosen executions in line"
            priority={undefined}
            queue={undefined}
            canPrioritize
            canMove
            onClose={() => setPlacing(false)}
            onPlace={async (place) => {
              setPlacing(false);
              if (place.priority !== undefined) await begin("prioritize", { priority: place.priority });
              if (place.queue !== undefined) await begin("move", { toQueue: place.queue });
            }}
          />
        </Suspense>
      )}
    </div>
  );
}

const going: Record<string, string> = {
  cancel: "Cancelling executions",
  retry: "Retrying executions",
  prioritize: "Changing priorities",
  move: "Moving executions",
};

/** What an operation on executions came to. */
export function endOf(operation: Operation): string {
  const parts = [`${count(operation.done)} of ${count(operation.total)} executions changed`];
  if (operation.untouched) parts.push(`${count(operation.untouched)} left as they were`);
  if (operation.failed > 0)
    parts.push(`${count(operation.failed)} failed${operation.lastError ? `: ${operation.lastError}` : ""}`);
  return `${operation.state === "cancelled" ? "Stopped: " : ""}${parts.join(", ")}.`;
}

/** Operations on executions that run now, each with how far it is. */
export function RunningOperations({ operations }: { operations: readonly Operation[] }) {
  const toasts = useToasts();
  if (operations.length === 0) return null;
  return (
    <div role="status" aria-label="Operations under way">
      {operations.map((operation) => {
        const word = going[operation.kind.split(".").at(-1) ?? ""] ?? operation.kind;
        return (
          <div key={operation.id} className="xs-operation">
            <StateIcon state="running" />
            <strong>{word}</strong>
            <Progress done={operation.done + operation.failed} total={operation.total} label={word} />
            <Button
              icon="stop"
              onClick={() =>
                void cancelOperation(operation.id).catch((error: unknown) =>
                  toasts.show({ text: messageOf(error), tone: "failed" }),
                )
              }
            >
              Stop
            </Button>
          </div>
        );
      })}
    </div>
  );
}
