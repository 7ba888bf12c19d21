import type { ExecutionDetail, TaskItem, Values } from "../../api/executions";
import { PageLink } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { CodeView } from "../../ui/CodeView";
import { CopyButton } from "../../ui/values";

/** What it was started with, what it gave, and the job's text as it was accepted. */
export default function ParametersTab({ execution, task }: { execution: ExecutionDetail; task: TaskItem | undefined }) {
  const outputs = task?.outputs ?? execution.outputs;
  const job = JSON.stringify(execution.job, null, 2);
  return (
    <div className="xp-parameters">
      <Card title="Parameters">
        <ValueTable values={execution.parameters} none="The job has no parameters." label="Parameters" />
      </Card>
      <Card title={task && task.outputs ? `Outputs of ${task.name}` : "Outputs"}>
        <ValueTable
          values={outputs ?? {}}
          none="None. A task writes them to $SJE_OUTPUTS; a sink says its path and rows."
          label="Outputs"
        />
      </Card>
      <Card
        title="Job as it was accepted"
        className="xp-parameters-job"
        actions={
          <>
            {execution.jobVersion != null && (
              <PageLink to={`/jobs/${encodeURIComponent(execution.name)}?version=${execution.jobVersion}`}>
                Version {execution.jobVersion}
              </PageLink>
            )}
            <CopyButton text={job} label="Copy the job" />
          </>
        }
      >
        <CodeView value={job} language="json" label="Job as it was accepted" />
      </Card>
    </div>
  );
}

function ValueTable({ values, none, label }: { values: Values; none: string; label: string }) {
  const entries = Object.entries(values);
  if (entries.length === 0) return <p className="muted">{none}</p>;
  return (
    <table className="xp-values" aria-label={label}>
      <tbody>
        {entries.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <code>{typeof value === "string" ? value : JSON.stringify(value)}</code>
            </td>
            <td>
              <CopyButton text={typeof value === "string" ? value : JSON.stringify(value)} label={`Copy ${name}`} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
