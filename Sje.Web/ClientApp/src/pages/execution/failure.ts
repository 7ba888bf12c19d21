import type { TaskError } from "../../api/executions";

/** A failure in one line: its message's first line, else how its process ended. */
export function errorLine(error: TaskError | null | undefined): string | undefined {
  if (!error) return undefined;
  const first = error.message?.trim().split("\n", 1)[0];
  return first || endOf(error) || error.class?.replaceAll("_", " ");
}

/** How the process ended, where that is known: `exit 3`, `signal SIGKILL`. */
export function endOf(error: TaskError): string | undefined {
  if (error.signal) return `signal ${error.signal}`;
  return typeof error.exitCode === "number" ? `exit ${error.exitCode}` : undefined;
}

const telling = /error|exception|fatal|traceback|panic|denied|refused|no such|not found|cannot/i;
const calm = /^\S*\s*\[?(info|debug|trace)\b/i;
const mostTail = 5;

/** Of the end of a task's log what tells most: from the first line that speaks of an error on, a few lines, up to one that tells of nothing bad. */
export function tellingTail(error: TaskError | null | undefined): string | undefined {
  const lines = tailOf(error)?.split("\n") ?? [];
  const first = lines.findIndex((line) => telling.test(line));
  if (first < 0) return undefined;
  const last = lines.findIndex((line, at) => at > first && calm.test(line));
  return lines.slice(first, Math.min(first + mostTail, last < 0 ? lines.length : last)).join("\n");
}

/** The end of the log that an error carries, for when the log itself is gone. */
export function tailOf(error: TaskError | null | undefined): string | undefined {
  const tail = Array.isArray(error?.logTail) ? error.logTail.join("\n") : error?.logTail;
  return tail?.trim() || undefined;
}
