import type { FailureClassView, RetryPolicyView } from "../../api/schema";
import { useRetryPolicies } from "../../api/settings";
import { Card, Count, StateMark } from "../../ui";
import { DataTable, type Column } from "../../ui/DataTable";
import { backoffInWords, seconds } from "./retries";

const POLICIES: Column<RetryPolicyView>[] = [
  { id: "name", header: "Policy", width: "minmax(130px, 1fr)", cell: (policy) => <strong className="mono">{policy.name}</strong> },
  { id: "tries", header: "Tries", width: "60px", align: "end", cell: (policy) => <Count value={policy.maxAttempts} /> },
  { id: "waits", header: "Waits between them", width: "minmax(200px, 3fr)", cell: (policy) => backoffInWords(policy) },
  { id: "limit", header: "At most", width: "90px", above: 640, cell: (policy) => (policy.maxElapsedSeconds == null ? <span className="muted">no limit</span> : seconds(policy.maxElapsedSeconds)) },
  { id: "from", header: "From", width: "120px", above: 560, cell: (policy) => (policy.builtIn ? "built in" : "configuration") },
];

const CLASSES: Column<FailureClassView>[] = [
  { id: "name", header: "Failure class", width: "minmax(130px, 1fr)", cell: (kind) => <span className="mono">{kind.name}</span> },
  { id: "retried", header: "Retried", width: "120px", cell: (kind) => (kind.permanent ? <StateMark state="failed" word="Never" /> : "yes") },
  { id: "policy", header: "By the policy", width: "150px", cell: (kind) => <span className="mono">{kind.policy}</span> },
  { id: "how", header: "How it is recognised", width: "minmax(200px, 4fr)", cell: (kind) => <span title={kind.recognisedBy}>{kind.recognisedBy}</span> },
];

/** What is tried again, how often and after how long. */
export function RetriesTab() {
  const read = useRetryPolicies();
  const rest = { height: "auto", error: read.error, onRetry: () => void read.refetch() } as const;
  return (
    <div className="stack">
      <Card flush title="Retry policies">
        <DataTable label="Retry policies" rows={read.data?.policies} columns={POLICIES} rowKey={(policy) => policy.name} {...rest} />
      </Card>
      <Card flush title="Failure classes">
        <DataTable label="Failure classes" primary={false} rows={read.data?.failureClasses} columns={CLASSES} rowKey={(kind) => kind.name} {...rest} error={undefined} />
      </Card>
      <p className="muted">
        Jobs name a policy under <code>retry.policy</code>; own ones stand in the configuration under <code>retryPolicies</code>. Where a job names none, the class of the failure picks it.
      </p>
    </div>
  );
}
