import { readText, type LogLevelFilter, type LogPlace } from "../api/log";
import { readLine } from "./ansi";
import type { LogStore } from "./store";

/** Lines from one index to another, both among them. */
export interface LineRange {
  first: number;
  last: number;
}

/** A selection of text: where in which lines it begins and ends. */
export interface TextSelection extends LineRange {
  startOffset: number;
  /** Undefined: to the end of the line. */
  endOffset: number | undefined;
}

/** More than this goes into a file, not onto a clipboard. */
export const MOST_COPIED = 200_000;

/** What the browser's selection covers in the lines below `root`; nothing where it is elsewhere or empty. */
export function selectionIn(root: HTMLElement, selection = getSelection()): TextSelection | undefined {
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return undefined;
  const range = selection.getRangeAt(0);
  const start = placeOf(root, range.startContainer, range.startOffset);
  const end = placeOf(root, range.endContainer, range.endOffset);
  if (!start || !end || end.index < start.index) return undefined;
  return { first: start.index, startOffset: start.offset, last: end.index, endOffset: end.offset };
}

function placeOf(root: HTMLElement, node: Node, offset: number): { index: number; offset: number } | undefined {
  const element = node instanceof Element ? node : node.parentElement;
  if (!element || !root.contains(element)) return undefined;
  const row = element.closest<HTMLElement>("[data-index]") ?? rowBeside(element, offset);
  if (!row) return undefined;
  const text = row.querySelector(".log-text");
  if (!text || !text.contains(node)) {
    // Before the text (the number, the time) or behind it.
    const isBehind = text !== null && (text.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0 && !text.contains(node);
    return { index: Number(row.dataset["index"]), offset: isBehind ? Infinity : 0 };
  }
  const before = document.createRange();
  before.selectNodeContents(text);
  before.setEnd(node, offset);
  return { index: Number(row.dataset["index"]), offset: before.toString().length };
}

// A selection may end between two rows.
function rowBeside(element: Element, offset: number): HTMLElement | null {
  const child = element.children[Math.max(0, Math.min(offset, element.children.length) - 1)];
  return child instanceof HTMLElement && child.dataset["index"] !== undefined ? child : null;
}

/** The text of a selection where all its lines are here; undefined where some have to be read. */
export function textHere(store: LogStore, selected: TextSelection): string | undefined {
  if (selected.last - selected.first >= MOST_COPIED) return undefined;
  const lines: string[] = [];
  for (let index = selected.first; index <= selected.last; index++) {
    const row = store.row(index);
    if (!row || row.fullLength != null) return undefined;
    lines.push(readLine(row.text).text);
  }
  return cutEnds(lines, selected);
}

/** The text of a selection, read from the server. */
export async function readSelection(
  place: LogPlace,
  level: LogLevelFilter | undefined,
  selected: TextSelection,
  lineAt: (index: number) => Promise<number>,
): Promise<string> {
  const [from, to] = await Promise.all([lineAt(selected.first), lineAt(selected.last)]);
  const text = await readText(place, { from, to, level });
  const lines = text.split("\n");
  lines.pop();
  return cutEnds(lines, selected);
}

/** Takes off what is not selected of the first and of the last line. */
export function cutEnds(lines: string[], { startOffset, endOffset }: TextSelection): string {
  const cut = [...lines];
  const last = cut.length - 1;
  if (last < 0) return "";
  if (endOffset !== undefined) cut[last] = (cut[last] as string).slice(0, endOffset);
  cut[0] = (cut[0] as string).slice(startOffset);
  return cut.join("\n");
}
