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

/** Whether this tab has reloaded for a missing part already: a second time would not help. */
export function hasReloaded(): boolean {
  return sessionStorage.getItem(RELOADED) === location.pathname;
}

/** Reloads for the new version. */
export function reloadForNewVersion(): void {
  sessionStorage.setItem(RELOADED, location.pathname);
  location.reload();
}
