/** Where a person was in a list: the page of it that was read first, and every cursor that the address has had because of scrolling. */
const anchors = new Map<string, { from: string | undefined; shown: Set<string | undefined> }>();

/**
 * Where the list of a filter begins: at the cursor of the address, unless that is where this tab itself has scrolled to since; then at where it
 * began, so that Back finds the rows that are still in the cache. The address may be a step or two behind the scrolling.
 */
export function anchorOf(key: string, cursor: string | undefined): string | undefined {
  const known = anchors.get(key);
  if (known?.shown.has(cursor)) return known.from;
  anchors.set(key, { from: cursor, shown: new Set([cursor]) });
  return cursor;
}

/** Notes the cursor that the address now has because of scrolling. */
export function noteShown(key: string, shown: string | undefined): void {
  anchors.get(key)?.shown.add(shown);
}

/** The cursor of the page that a row is on: that of the page before it; undefined on the first. */
export function cursorAt(
  pages: readonly { items: readonly unknown[]; nextCursor?: string | null }[],
  row: number,
  first: string | undefined,
): string | undefined {
  let cursor = first;
  let seen = 0;
  for (const page of pages) {
    seen += page.items.length;
    if (row < seen) return cursor;
    cursor = page.nextCursor ?? cursor;
  }
  return cursor;
}
