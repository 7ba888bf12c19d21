import { useSyncExternalStore } from "react";

/** A filter that somebody keeps in this browser, under a name. */
export interface SavedFilter {
  name: string;
  /** The parameters of the address that make it. */
  values: Record<string, string>;
}

const storageKey = "sje.executions.filters";
const most = 30;

/** Reads what was kept; anything else than filters is passed over. */
export function parseSaved(kept: string | null): SavedFilter[] {
  try {
    const found: unknown = JSON.parse(kept ?? "[]");
    return Array.isArray(found) ? found.filter(isSaved).slice(0, most) : [];
  } catch {
    return [];
  }
}

/** The filters with one more, the newest first; one of the same name is replaced. */
export function withSaved(filters: readonly SavedFilter[], added: SavedFilter): SavedFilter[] {
  return [added, ...filters.filter((one) => one.name !== added.name)].slice(0, most);
}

const listeners = new Set<() => void>();
let known: SavedFilter[] | undefined;

/** The kept filters, how to keep one and how to forget one. */
export function useSavedFilters(): {
  filters: readonly SavedFilter[];
  save(filter: SavedFilter): void;
  forget(name: string): void;
} {
  const filters = useSyncExternalStore(subscribe, snapshot);
  return {
    filters,
    save: (filter) => write(withSaved(filters, filter)),
    forget: (name) => write(filters.filter((one) => one.name !== name)),
  };
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  const fromOtherTab = (event: StorageEvent) => {
    if (event.key === storageKey) {
      known = undefined;
      listener();
    }
  };
  addEventListener("storage", fromOtherTab);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", fromOtherTab);
  };
}

function snapshot(): SavedFilter[] {
  try {
    return (known ??= parseSaved(localStorage.getItem(storageKey)));
  } catch {
    // Storage that is off is as good as empty.
    return (known ??= []);
  }
}

function write(filters: SavedFilter[]): void {
  known = filters;
  try {
    localStorage.setItem(storageKey, JSON.stringify(filters));
  } catch {
    // Then they hold for this page only.
  }
  for (const listener of listeners) listener();
}

function isSaved(value: unknown): value is SavedFilter {
  if (typeof value !== "object" || value === null) return false;
  const { name, values } = value as Partial<SavedFilter>;
  return (
    typeof name === "string" &&
    name.length > 0 &&
    typeof values === "object" &&
    values !== null &&
    Object.values(values).every((one) => typeof one === "string")
  );
}
