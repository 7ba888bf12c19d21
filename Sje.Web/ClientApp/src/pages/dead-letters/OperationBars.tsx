import { cancelOperation, operationKeys, type Operation } from "../../api/operations";
import { Button, Progress, StateIcon } from "../../ui";
import { refusal, useAct } from "../parts";
import { endOf, verbOf } from "../parts/operations";

/** The operations that run now, each with how far it is. */
export function OperationBars({ operations }: { operations: readonly Operation[] }) {
  const act = useAct();
  return (
    <div className="letters-operations" role="status" aria-label="Operations under way">
      {operations.map((operation) => (
        <div key={operation.id} className="letters-operation">
          <StateIcon state="running" />
          <span className="letters-operation-name">{verbOf(operation.kind).going}</span>
          <Progress done={operation.done + operation.failed} total={operation.total} label={verbOf(operation.kind).going} />
          <Button icon="stop" busy={act.busy === operation.id} reason={refusal(operation, "cancel")} onClick={() => void act.run(operation.id, () => cancelOperation(operation.id), { said: endOf({ ...operation, state: "cancelled" }).text, keys: [operationKeys.all] })}>
            Stop
          </Button>
        </div>
      ))}
    </div>
  );
}
