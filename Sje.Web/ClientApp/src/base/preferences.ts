import { useSyncExternalStore } from "react";

/** What a person has chosen for this browser. */
export interface Preferences {
  theme: "system" | "light" | "dark";
  /** The zone that times are shown in: the browser's, or UTC. */
  zone: "local" | "utc";
  density: "compact" | "normal" | "comfortable";
  /** Whether keys without Ctrl do anything (WCAG 2.1.4). */
  singleKeys: boolean;
  /** Whether the navigation shows icons only. */
  narrow: boolean;
}

const KEY = "sje.preferences";
const DEFAULTS: Preferences = { theme: "system", zone: "local", density: "normal", singleKeys: true, narrow: false };
const ALLOWED: { [P in keyof Preferences]: readonly Preferences[P][] } = {
  theme: ["system", "light", "dark"],
  zone: ["local", "utc"],
  density: ["compact", "normal", "comfortable"],
  singleKeys: [true, false],
  narrow: [true, false],
};

const listeners = new Set<() => void>();
let current = read();

function read(): Preferences {
  let kept: Record<string, unknown> = {};
  try {
    const text = JSON.parse(localStorage.getItem(KEY) ?? "{}") as unknown;
    kept = text && typeof text === "object" ? (text as Record<string, unknown>) : {};
  } catch {
    // Storage that is off or holds something else is as good as empty.
  }
  const pick = <P extends keyof Preferences>(name: P): Preferences[P] =>
    ALLOWED[name].find((value) => value === kept[name]) ?? DEFAULTS[name];
  return {
    theme: pick("theme"),
    zone: pick("zone"),
    density: pick("density"),
    singleKeys: pick("singleKeys"),
    narrow: pick("narrow"),
  };
}

function changed(next: Preferences): void {
  current = next;
  apply();
  for (const listener of listeners) listener();
}

/** The theme on the screen now. */
export function shownTheme(): "light" | "dark" {
  if (current.theme !== "system") return current.theme;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function apply(): void {
  document.documentElement.dataset["theme"] = shownTheme();
  document.documentElement.dataset["density"] = current.density;
}

/** Follows the system's theme and what other tabs choose; called once at start. */
export function watchPreferences(): void {
  apply();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => changed({ ...current }));
  addEventListener("storage", (event) => {
    if (event.key === KEY || event.key === null) changed(read());
  });
}

export const preferences = {
  get: (): Preferences => current,
  set(change: Partial<Preferences>): void {
    const next = { ...current, ...change };
    try {
      localStorage.setItem(KEY, JSON.stringify(next));
    } catch {
      // Then it holds for this page only.
    }
    changed(next);
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** The preferences; the component is drawn again when one changes. */
export function usePreferences(): Preferences {
  return useSyncExternalStore(preferences.subscribe, preferences.get);
}
