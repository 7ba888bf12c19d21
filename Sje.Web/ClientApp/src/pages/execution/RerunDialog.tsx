import { useState } from "react";
import { ApiError, messageOf } from "../../api/client";
import { type ExecutionDetail, rerunExecution, type Values } from "../../api/executions";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { checkForm, JsonForm, schemaOfParameters } from "../../ui/JsonForm";
import { useToasts } from "../../ui/toasts";

/** Runs the same job text again, with other parameters where a person sets some. */
export default function RerunDialog({
  execution,
  onClose,
  onStarted,
}: {
  execution: ExecutionDetail;
  onClose(): void;
  onStarted(id: string): void;
}) {
  const declared = (execution.job["parameters"] ?? {}) as Values;
  const schema = schemaOf(declared, execution.parameters);
  const [values, setValues] = useState<Values>({});
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Record<string, string>>({});
  const [failure, setFailure] = useState<string>();
  const toasts = useToasts();
  const has = Object.keys(declared).length > 0;

  const start = async () => {
    const faults = checkForm(schema, values);
    setRefused(faults);
    if (Object.keys(faults).length > 0) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const started = await rerunExecution(execution.id, values);
      toasts.show({ text: `Started “${execution.name}” again.`, tone: "success" });
      onStarted(started.taskId);
    } catch (error) {
      const faults = error instanceof ApiError ? (error.problem.errors ?? []) : [];
      setRefused(Object.fromEntries(faults.map((fault) => [(fault.pointer ?? "").replace(/^\/parameters/, ""), fault.detail])));
      setFailure(messageOf(error));
      setBusy(false);
    }
  };

  return (
    <Dialog
      title={`Rerun “${execution.name}”`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button tone="primary" icon="rerun" busy={busy} onClick={() => void start()}>
            Start a new execution
          </Button>
        </>
      }
    >
      <p className="muted">
        The same job text as this execution{execution.jobVersion != null ? `, version ${execution.jobVersion}` : ""}, as a new
        execution. {has ? "What is left empty keeps the value it had here." : "It has no parameters."}
      </p>
      {failure && (
        <p className="field-error" role="alert">
          {failure}
        </p>
      )}
      <JsonForm schema={schema} value={values} onChange={setValues} errors={refused} />
    </Dialog>
  );
}

/** The job's parameters with this execution's values as what stands when nothing is typed. */
function schemaOf(declared: Values, given: Values) {
  const schema = schemaOfParameters(declared);
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (name in given) field.default = given[name];
  }
  return { ...schema, required: schema.required?.filter((name) => !(name in given)) };
}
