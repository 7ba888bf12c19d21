import { lazy, type ComponentType, type LazyExoticComponent, useSyncExternalStore } from "react";
import { painted } from "./painted";

const RELOADED = "sje.reloaded";

/** A part of the program that could not be fetched: most often a newer version has been put in its place. */
export class MissingPart extends Error {
  constructor(cause: unknown) {
    super("A part of this page is not on the server any more.", { cause });
    this.name = "MissingPart";
  }
}

/** Loads a page's code. What fails is told apart from what is wrong in the page itself. */
export async function loaded<T>(load: () => Promise<T>): Promise<T> {
  await painted;
  try {
    const part = await load();
    sessionStorage.removeItem(RELOADED);
    return part;
  } catch (failure) {
    throw new MissingPart(failure);
  }
}

type Part<P> = { default: ComponentType<P> };

/**
 * A component whose code is loaded when it is drawn or when `preload` is called. Once the code is here it is drawn at once: a promise, also one that is
 * kept already, would have React draw the fallback first and then wait for 300 ms.
 */
export function part<P extends object>(load: () => Promise<Part<P>>): { Part: LazyExoticComponent<ComponentType<P>>; preload(): Promise<unknown> } {
  let here: Part<P> | undefined;
  const fetched = async () => (here ??= await load());
  // oxlint-disable-next-line unicorn/no-thenable -- React asks it for nothing else.
  const atOnce = (found: Part<P>) => ({ then: (take: (found: Part<P>) => void) => take(found) }) as Promise<Part<P>>;
  return {
    Part: lazy(() => (here ? atOnce(here) : loaded(fetched))),
    preload: () => painted.then(fetched).catch(() => undefined),
  };
}

let firstIsComing: boolean | undefined;
const watchers = new Set<() => void>();

/** Notes the code of the page that is opened first. */
export function comes(code: Promise<unknown>): void {
  if (firstIsComing !== undefined) return;
  firstIsComing = true;
  void code.finally(() => {
    firstIsComing = false;
    for (const watcher of watchers) watcher();
  });
}

/** Whether the code of the first page is on its way still. */
export function useFirstIsComing(): boolean {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => firstIsComing === true,
  );
}

/** Whether this tab has reloaded for a missing part already: a second time would not help. */
export function hasReloaded(): boolean {
  return sessionStorage.getItem(RELOADED) === location.pathname;
}

/** Reloads for the new version. */
export function reloadForNewVersion(): void {
  sessionStorage.setItem(RELOADED, location.pathname);
  location.reload();
}
