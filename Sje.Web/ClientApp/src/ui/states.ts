/** The six ways a state looks; every state of the server is one of them. */
export type Tone = "queued" | "running" | "success" | "failed" | "retrying" | "cancelled";

interface Look {
  tone: Tone;
  word: string;
  /** Drawn as an outline: it did not happen by itself. */
  outline?: boolean;
}

const LOOKS: Record<string, Look> = {
  accepted: { tone: "queued", word: "Accepted" },
  scheduled: { tone: "queued", word: "Scheduled" },
  blocked: { tone: "queued", word: "Blocked" },
  queued: { tone: "queued", word: "Queued" },
  pending: { tone: "queued", word: "Pending" },
  running: { tone: "running", word: "Running" },
  waiting_retry: { tone: "retrying", word: "Retrying" },
  retrying: { tone: "retrying", word: "Retrying" },
  succeeded: { tone: "success", word: "Succeeded" },
  partially_succeeded: { tone: "retrying", word: "Partly succeeded" },
  failed: { tone: "failed", word: "Failed" },
  timed_out: { tone: "failed", word: "Timed out" },
  lost: { tone: "failed", word: "Worker lost" },
  dead: { tone: "failed", word: "Dead letter" },
  upstream_failed: { tone: "failed", word: "Upstream failed", outline: true },
  cancelled: { tone: "cancelled", word: "Cancelled" },
  cancelling: { tone: "cancelled", word: "Cancelling" },
  skipped: { tone: "cancelled", word: "Skipped" },
  paused: { tone: "cancelled", word: "Paused" },
  drained: { tone: "cancelled", word: "Drained" },
  released: { tone: "queued", word: "Released" },
  restarted: { tone: "retrying", word: "Restarted" },
  // Of workers and checks.
  alive: { tone: "success", word: "Alive" },
  ok: { tone: "success", word: "OK" },
  suspect: { tone: "retrying", word: "Suspect" },
  draining: { tone: "retrying", word: "Draining" },
  stopped: { tone: "cancelled", word: "Stopped" },
};

/** How a state of the server looks; `waiting_retry` and `waitingRetry` are the same. */
export function lookOf(state: string): Look {
  const snake = state.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  return LOOKS[snake] ?? { tone: "queued", word: snake.charAt(0).toUpperCase() + snake.slice(1).replaceAll("_", " ") };
}

/** The CSS variable of a tone's colour. */
export function colourOf(state: string): string {
  return `var(--state-${lookOf(state).tone})`;
}
