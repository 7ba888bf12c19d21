import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { get, messageOf, type Page } from "../../api/client";
import type { ExecutionChange } from "../../api/executions";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Select, TextField } from "../../ui/fields";
import { priorityWord } from "./trigger";

const words = ["low", "normal", "high", "urgent", "critical"];

/** Another priority, another queue, or both, for what waits of an execution (or of several). */
export default function PlaceDialog({
  title,
  priority,
  queue,
  canPrioritize,
  canMove,
  onPlace,
  onClose,
}: {
  title: string;
  priority: number | undefined;
  queue: string | undefined;
  canPrioritize: boolean;
  canMove: boolean;
  onPlace(place: Omit<Extract<ExecutionChange, { verb: "place" }>, "verb">): Promise<unknown>;
  onClose(): void;
}) {
  const now = priority === undefined ? "" : priorityWord(priority);
  const [chosen, setChosen] = useState(now === "" || words.includes(now) ? now : "number");
  const [number, setNumber] = useState(String(priority ?? 0));
  const [target, setTarget] = useState(queue ?? "");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const queues = useQuery({
    queryKey: ["queues", "names"],
    queryFn: ({ signal }) => get<Page<{ name: string; lane: string }>>("/queues", { query: { limit: 1000 }, signal }),
    enabled: canMove,
  });
  // A queue of the other lane cannot take it: that is the server's rule.
  const lane = queues.data?.items.find((one) => one.name === queue)?.lane;
  const names = (queues.data?.items ?? []).filter((one) => lane === undefined || one.lane === lane).map((one) => one.name);
  if (queue && !names.includes(queue)) names.unshift(queue);

  const wrong = chosen === "number" && !/^-?(100|\d{1,2})$/.test(number.trim()) ? "A whole number from -100 to 100." : undefined;
  const next = {
    priority: !canPrioritize || chosen === now || chosen === "" ? undefined : chosen === "number" ? Number(number) : chosen,
    queue: !canMove || target === (queue ?? "") ? undefined : target,
  };
  const nothing = next.priority === undefined && next.queue === undefined;

  const place = async () => {
    setBusy(true);
    setFailure(undefined);
    try {
      await onPlace(next);
      onClose();
    } catch (error) {
      setFailure(messageOf(error));
      setBusy(false);
    }
  };

  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button
            tone="primary"
            busy={busy}
            reason={wrong ?? (nothing ? "Nothing would change" : undefined)}
            onClick={() => void place()}
          >
            Change
          </Button>
        </>
      }
    >
      <p className="muted">For what waits. What runs goes on; its place by age stays.</p>
      {canPrioritize && (
        <Select
          label="Priority"
          value={chosen}
          onChange={setChosen}
          options={[
            ...(now === "" ? [{ value: "", label: "as it is" }] : []),
            ...words.map((word) => ({ value: word, label: word })),
            { value: "number", label: "a number…" },
          ]}
        />
      )}
      {canPrioritize && chosen === "number" && (
        <TextField label="Priority from -100 to 100" value={number} onChange={setNumber} error={wrong} inputMode="numeric" />
      )}
      {canMove && (
        <Select
          label="Queue"
          value={target}
          onChange={setTarget}
          options={[
            ...(queue === undefined ? [{ value: "", label: "as it is" }] : []),
            ...names.map((name) => ({ value: name, label: name })),
          ]}
        />
      )}
      {failure && (
        <p className="field-error" role="alert">
          {failure}
        </p>
      )}
    </Dialog>
  );
}
