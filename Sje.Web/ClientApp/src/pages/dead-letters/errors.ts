/** What the error of a task says beside its message: the end of the log, and a stack or details if there are any. */
export function textOfError(error: unknown): { log?: string; rest?: string } {
  if (!error || typeof error !== "object") return {};
  const { logTail, stack, details } = error as Record<string, unknown>;
  const lines = Array.isArray(logTail) ? logTail.map(lineOf).join("\n") : typeof logTail === "string" ? logTail : undefined;
  const rest = [stack, details].map((part) => (typeof part === "string" ? part : part && JSON.stringify(part, null, 2))).filter(Boolean);
  return { log: lines === undefined ? undefined : plain(lines), rest: rest.length > 0 ? plain(rest.join("\n")) : undefined };
}

function lineOf(line: unknown): string {
  if (line && typeof line === "object" && "text" in line) return String((line as { text: unknown }).text);
  return String(line);
}

/** Without what only a terminal understands. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[\u0000-\u0008\u000b-\u001f\u007f]/g, "");
}
