/** Tasks that wait for the same reason. */
export interface WaitGroup {
  reason: string;
  count: number;
  /** One of them, to look at. */
  sample: string;
}

/** Waiting executions by why they wait, the most frequent first: what differs only in a number or an instant is one reason. */
export function groupReasons(items: readonly { id: string; waitReason: string | null }[]): WaitGroup[] {
  const groups = new Map<string, WaitGroup>();
  for (const item of items) {
    const reason = reasonInWords(item.waitReason);
    const group = groups.get(reason);
    if (group) group.count++;
    else groups.set(reason, { reason, count: 1, sample: item.id });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

/** A reason without what differs from task to task. */
export function reasonInWords(reason: string | null | undefined): string {
  if (!reason) return "No reason is known yet";
  const plain = reason
    .replace(/^behind .+ others? in queue '.*'$/, "waits its turn behind others of this queue")
    .replace(/^waits for its retry at \S+ \(.*\)$/, "waits for the time of its retry")
    .replace(/^is not to start before \S+$/, "is not to start before its time")
    .replace(/^a cancel is under way since \S+$/, "a cancel is under way")
    .replace(/^blocked on tasks? .*$/, "waits for other tasks of its execution");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
