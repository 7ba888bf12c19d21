import { useEffect, useRef } from "react";
import { preferences } from "./preferences";

/**
 * One key and what it does. `key` is what the event says (`j`, `Enter`, `?`, `[`), two with a space for a sequence (`g o`), with `Ctrl+` before
 * it for a chord (Cmd counts as Ctrl), with `Shift+` before a letter for its capital.
 */
export interface KeyBinding {
  key: string;
  /** What `?` says of it; without it the key is not listed. */
  help?: string;
  run(event: KeyboardEvent): void;
  /** Whether it also works while something is typed. Chords with Ctrl always do. */
  inInputs?: boolean;
}

interface Registered {
  scope: string;
  bindings: () => readonly KeyBinding[];
}

const registered: Registered[] = [];
const SEQUENCE_MS = 1000;
let started: { key: string; at: number } | undefined;

/**
 * Makes keys work while the component is there; of two for the same key the newer wins.
 * @param scope the heading in the list that `?` shows
 */
export function useKeys(scope: string, bindings: readonly KeyBinding[], enabled = true): void {
  const latest = useRef(bindings);
  useEffect(() => {
    latest.current = bindings;
  });
  useEffect(() => {
    if (!enabled) return;
    const entry: Registered = { scope, bindings: () => latest.current };
    registered.push(entry);
    return () => {
      registered.splice(registered.indexOf(entry), 1);
    };
  }, [scope, enabled]);
}

/** Every key that does something now, by heading. */
export function listKeys(): Map<string, KeyBinding[]> {
  const found = new Map<string, KeyBinding[]>();
  for (const entry of registered) {
    const named = entry.bindings().filter((binding) => binding.help);
    if (named.length === 0) continue;
    const list = found.get(entry.scope) ?? [];
    for (const binding of named) if (!list.some((known) => known.key === binding.key)) list.push(binding);
    found.set(entry.scope, list);
  }
  return found;
}

/** The name of the key of an event, as bindings write it. */
export function nameOf(event: KeyboardEvent): string {
  const letter = event.key.length === 1 && /[a-z]/i.test(event.key);
  const key = letter ? event.key.toLowerCase() : event.key;
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${event.shiftKey && (letter || event.key.length > 1) ? "Shift+" : ""}${key}`;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || (target.matches("input, textarea, select") && !target.matches("input[type=checkbox], input[type=radio]")))
  );
}

/** Whether a modal dialog is open: then only its own keys and chords count. */
function isModal(): boolean {
  return document.querySelector("dialog[open]") !== null;
}

function find(name: string): KeyBinding | undefined {
  for (let i = registered.length - 1; i >= 0; i--) {
    const binding = registered[i]?.bindings().find((candidate) => candidate.key === name);
    if (binding) return binding;
  }
  return undefined;
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
  const name = nameOf(event);
  const chord = name.startsWith("Ctrl+");
  const typing = isTyping(event.target);
  // A dialog closes itself by Escape, and only itself.
  if (!chord && isModal()) return;
  if (!chord && event.key !== "Escape") {
    if (event.key.length === 1 && !preferences.get().singleKeys) return;
    // Enter and Space belong to what has the focus.
    if ((event.key === "Enter" || event.key === " ") && event.target instanceof HTMLElement && event.target.matches("a, button, summary")) return;
  }

  const pair = started && event.timeStamp - started.at < SEQUENCE_MS && !typing ? find(`${started.key} ${name}`) : undefined;
  started = undefined;
  const binding = pair ?? find(name);
  if (binding && (!typing || chord || binding.inInputs)) {
    event.preventDefault();
    binding.run(event);
  } else if (typing && event.key === "Escape" && !isModal() && event.target instanceof HTMLElement) {
    // Back from a field to the keys of the page; what stands in a search stays, though browsers would clear it.
    if (event.target.matches("input[type=search]")) event.preventDefault();
    event.target.blur();
  } else if (!typing && !chord && name.length === 1) {
    started = { key: name, at: event.timeStamp };
  }
}

/** Starts to listen; called once. */
export function watchKeys(): void {
  document.addEventListener("keydown", onKeyDown);
}
