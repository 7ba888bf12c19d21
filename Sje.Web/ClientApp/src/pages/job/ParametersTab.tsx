import { Button, EmptyState } from "../../ui";
import { textOf, type Declaration } from "./parameters";

/** What an execution of the job can be given. */
export function ParametersTab({ parameters, onRun }: { parameters: readonly Declaration[]; onRun: (() => void) | undefined }) {
  if (parameters.length === 0) {
    return (
      <EmptyState icon="settings" title="No parameters">
        Declare some under <code>parameters</code> in the definition, and use them as <code>{"{{ parameters.name }}"}</code>.
      </EmptyState>
    );
  }
  return (
    <div className="stack">
      <div className="job-table-box">
        <table className="job-table">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Type</th>
              <th scope="col">Default</th>
              <th scope="col">In the definition</th>
            </tr>
          </thead>
          <tbody>
            {parameters.map((one) => (
              <tr key={one.name}>
                <th scope="row">{one.name}</th>
                <td>{one.type}</td>
                <td>
                  {one.required ? (
                    <span className="job-required">must be given</span>
                  ) : one.default === undefined || one.default === null ? (
                    <span className="muted">null</span>
                  ) : (
                    <code>{textOf(one.type, one.default) === "" ? '""' : textOf(one.type, one.default)}</code>
                  )}
                </td>
                <td>
                  <code className="muted">{`{{ parameters.${one.name} }}`}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {onRun && (
        <div>
          <Button icon="play" onClick={onRun}>
            Run with other values
          </Button>
        </div>
      )}
    </div>
  );
}
