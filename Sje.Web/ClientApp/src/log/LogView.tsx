export interface LogViewProps {
  executionId: string;
  task?: string;
  attempt?: number;
  line?: number;
  follow?: boolean;
  onLine?(line: number): void;
}

/** The log of an execution, a task or one attempt. */
export function LogView({ executionId }: LogViewProps) {
  return <section aria-label={`Log of ${executionId}`} />;
}
