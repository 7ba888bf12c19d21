const UNFINISHED = new Set(["accepted", "queued", "running"]);

/**
 * How often to look again without being told: while something shown has not ended, now and then, should an event get lost; else never.
 */
export function lookAgain(states: Iterable<string | undefined>): number | false {
  for (const state of states) if (state !== undefined && UNFINISHED.has(state)) return 5000;
  return false;
}
