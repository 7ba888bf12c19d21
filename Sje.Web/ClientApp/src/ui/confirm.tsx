import { lazy, Suspense, useSyncExternalStore, type ReactNode } from "react";
import { loaded } from "../base/load";

export interface ConfirmOptions {
  /** The question, with the count: "Cancel 12 executions?" */
  title: string;
  body?: ReactNode;
  /** What the button says: the deed, never "OK". */
  action: string;
  tone?: "danger" | "primary";
  /** Text that has to be typed first, for what cannot be undone. */
  typed?: string;
}

export interface Asked extends ConfirmOptions {
  answer(yes: boolean): void;
}

const Question = lazy(() => loaded(() => import("./Question")));

let asked: Asked | undefined;
const watchers = new Set<() => void>();

function put(next: Asked | undefined): void {
  asked = next;
  for (const watcher of watchers) watcher();
}

/** Asks before something that ends or goes; true when the person goes ahead. */
export function confirmed(options: ConfirmOptions): Promise<boolean> {
  asked?.answer(false);
  return new Promise((resolve) =>
    put({
      ...options,
      answer(yes) {
        put(undefined);
        resolve(yes);
      },
    }),
  );
}

/**
 * A question by its name before something destructive.
 * @example if (await confirm({ title: "Cancel “nightly”?", action: "Cancel execution", tone: "danger" })) …
 */
export function useConfirm(): (options: ConfirmOptions) => Promise<boolean> {
  return confirmed;
}

/** Where the question appears; once, in the shell. */
export function ConfirmHost() {
  const current = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => asked,
  );
  return current ? (
    <Suspense fallback={null}>
      <Question key={current.title} {...current} />
    </Suspense>
  ) : null;
}
