const POLICIES: Record<string, string> = {
  queue: "one more waits until one has ended.",
  skip: "one more is skipped, which is no failure.",
  replace: "one more cancels the oldest and takes its place.",
  cancel: "one more is cancelled itself.",
};

/** A job's `concurrency` in words. */
export function overlapOf(concurrency: unknown): string {
  const said = typeof concurrency === "object" && concurrency !== null ? (concurrency as { max?: unknown; policy?: unknown }) : {};
  if (typeof said.max !== "number") return "Runs may overlap: the job sets no limit.";
  const policy = typeof said.policy === "string" ? said.policy : "queue";
  return `At most ${said.max} ${said.max === 1 ? "run" : "runs"} at a time; ${POLICIES[policy] ?? policy}`;
}
