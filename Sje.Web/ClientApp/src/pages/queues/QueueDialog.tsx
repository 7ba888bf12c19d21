import { useState } from "react";
import { ApiError } from "../../api/client";
import { queueKeys, saveQueue, type Queue } from "../../api/queues";
import { Button, Dialog, Select, TextField } from "../../ui";
import { useAct } from "../parts";
import { formOf, nameFault, readForm, type LimitFaults, type LimitsForm } from "./limits";

/** Makes a queue, or says how one runs. */
export function QueueDialog({ queue, onClose, onSaved }: { queue?: Queue; onClose(): void; onSaved(name: string): void }) {
  const act = useAct();
  const [name, setName] = useState(queue?.name ?? "");
  const [form, setForm] = useState<LimitsForm>(() => formOf(queue));
  const [faults, setFaults] = useState<LimitFaults>({});
  const field = (key: keyof LimitsForm) => ({
    value: form[key],
    error: faults[key],
    onChange: (value: string) => {
      setForm((before) => ({ ...before, [key]: value }));
      setFaults((before) => ({ ...before, [key]: undefined }));
    },
  });
  const save = async () => {
    const read = readForm(form);
    const wrongName = queue ? undefined : nameFault(name);
    if (read.faults || wrongName) {
      setFaults({ ...read.faults, name: wrongName });
      return;
    }
    let refused: ApiError | undefined;
    await act.run(
      "save",
      async () => {
        try {
          await saveQueue(name, read.request);
        } catch (failure) {
          if (!(failure instanceof ApiError) || !failure.problem.errors?.length) throw failure;
          refused = failure;
        }
      },
      { keys: [queueKeys.all] },
    ).then((ended) => {
      if (refused) setFaults(faultsOf(refused));
      else if (ended) onSaved(name);
    });
  };
  return (
    <Dialog
      title={queue ? `Limits of “${queue.name}”` : "New queue"}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button tone="primary" type="submit" form="queue-form" busy={act.busy === "save"}>
            {queue ? "Save limits" : "Make queue"}
          </Button>
        </>
      }
    >
      <form
        id="queue-form"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {!queue && (
          <TextField
            label="Name"
            value={name}
            error={faults.name}
            onChange={(value) => {
              setName(value);
              setFaults((before) => ({ ...before, name: undefined }));
            }}
          />
        )}
        <TextField label="Tasks at a time" inputMode="numeric" placeholder="no limit" help="Over all workers." {...field("maxRunning")} />
        <div className="queues-pair">
          <TextField label="Starts" inputMode="numeric" placeholder="no limit" {...field("maxStarts")} />
          <TextField label="in so many seconds" inputMode="decimal" placeholder="1" {...field("perSeconds")} />
        </div>
        <TextField label="Tasks that may wait" inputMode="numeric" placeholder="no limit" help="More are refused with 429 and the time to try again." {...field("maxQueued")} />
        <Select
          label="Lane"
          options={[
            { value: "background", label: "Background: by way of Hangfire" },
            { value: "direct", label: "Direct: claimed at once, for many short tasks" },
          ]}
          help="Holds for what is accepted from now on."
          {...field("lane")}
        />
      </form>
    </Dialog>
  );
}

/** The server's faults, at the fields that they are about. */
function faultsOf(error: ApiError): LimitFaults {
  const faults: LimitFaults = {};
  for (const fault of error.problem.errors ?? []) {
    const key = (fault.pointer ?? "").slice(1);
    const known = key === "name" || key === "lane" || key === "maxRunning" || key === "maxQueued" || key === "maxStarts" || key === "perSeconds";
    faults[known ? key : "maxRunning"] = fault.detail;
  }
  return faults;
}
