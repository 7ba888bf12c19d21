/** A text that was not saved yet, and the version it started from; 0 is a new job. */
export interface Draft {
  text: string;
  baseVersion: number;
  changedAt: string;
}

const PREFIX = "sje.draft.job.";

/** Drafts in this browser: they outlive reloads, expired sessions and servers that are away. */
export const drafts = {
  read(key: string): Draft | null {
    try {
      const kept = JSON.parse(localStorage.getItem(PREFIX + key) ?? "null") as Partial<Draft> | null;
      return kept && typeof kept.text === "string" && typeof kept.baseVersion === "number"
        ? { text: kept.text, baseVersion: kept.baseVersion, changedAt: kept.changedAt ?? "" }
        : null;
    } catch {
      return null;
    }
  },
  /** False when this browser keeps nothing (storage is off or full). */
  write(key: string, draft: Draft): boolean {
    try {
      localStorage.setItem(PREFIX + key, JSON.stringify(draft));
      return true;
    } catch {
      return false;
    }
  },
  drop(key: string): void {
    try {
      localStorage.removeItem(PREFIX + key);
    } catch {
      // Then there is none.
    }
  },
};
