import { type ClipboardEvent, type RefObject, useEffect, useRef, useState } from "react";
import { count as countText } from "../base/format";
import { showToast } from "../ui";
import { numberAt } from "./lines";
import { type LineRange, MOST_COPIED, readSelection, selectionIn, textHere, type TextSelection } from "./selection";
import type { LogStore } from "./store";

/**
 * What is selected of the log: text, by the browser, or whole lines that are picked. `pinned` are the lines that hold the ends of the text and have
 * to stay drawn.
 */
export function useLineSelection(scroller: RefObject<HTMLElement | null>, store: LogStore | undefined, latest: RefObject<{ store: LogStore | undefined }>) {
  const [picked, setPicked] = useState<PickedLines>();
  const range = picked && spanOf(picked);
  const [pinned, setPinned] = useState<LineRange>();
  const prepared = useRef<{ key: string; text: string }>(undefined);

  // Other lines: what was picked stands for others.
  useEffect(() => setPicked(undefined), [store]);

  // The selection: its ends stay drawn, and what is not here is read before it is copied.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onSelection = () => {
      const element = scroller.current;
      const selection = getSelection();
      if (!element || !selection?.anchorNode || !element.contains(selection.anchorNode)) {
        setPinned(undefined);
        return;
      }
      if (!selection.isCollapsed) setPicked(undefined);
      const ends = [selection.anchorNode, selection.focusNode].map((node) => indexOfNode(node)).filter((index) => index !== undefined);
      const next = ends.length > 0 ? { first: Math.min(...ends), last: Math.max(...ends) } : undefined;
      setPinned((before) => (before?.first === next?.first && before?.last === next?.last ? before : next));
      clearTimeout(timer);
      timer = setTimeout(() => prepare(), 150);
    };
    const prepare = () => {
      const from = latest.current.store;
      const selected = scroller.current && selectionIn(scroller.current);
      if (!from || !selected || selected.last - selected.first >= MOST_COPIED || textHere(from, selected) !== undefined) return;
      void readSelection(from.place, from.level, selected, (index) => numberAt(from, index)).then((text) => {
        prepared.current = { key: keyOf(selected), text };
      }, ignore);
    };
    document.addEventListener("selectionchange", onSelection);
    return () => {
      document.removeEventListener("selectionchange", onSelection);
      clearTimeout(timer);
    };
  }, []);
  const selected = (): TextSelection | undefined =>
    (scroller.current ? selectionIn(scroller.current) : undefined) ?? (range && { ...range, startOffset: 0, endOffset: undefined });
  const onCopy = (event: ClipboardEvent) => {
    const wanted = selected();
    if (!store || !wanted) return;
    event.preventDefault();
    const many = wanted.last - wanted.first + 1;
    if (many > MOST_COPIED) {
      showToast({ text: `${countText(many)} lines are more than a clipboard takes. Download the log instead.`, tone: "failed", seconds: 8 });
      return;
    }
    const text = textHere(store, wanted) ?? (prepared.current?.key === keyOf(wanted) ? prepared.current.text : undefined);
    if (text !== undefined) {
      event.clipboardData.setData("text/plain", text);
      if (many > 1) showToast({ text: `Copied ${countText(many)} lines.`, tone: "success", seconds: 3 });
      return;
    }
    void readSelection(store.place, store.level, wanted, (index) => numberAt(store, index))
      .then(async (read) => {
        prepared.current = { key: keyOf(wanted), text: read };
        await navigator.clipboard.writeText(read);
        showToast({ text: `Copied ${countText(many)} lines.`, tone: "success", seconds: 3 });
      })
      // Without a secure connection only the copy itself may write: by then the text is here.
      .catch(() => showToast({ text: `${countText(many)} lines are ready: copy once more.`, seconds: 8 }));
  };
  return { picked, setPicked, range, pinned, onCopy };
}

/** Whole lines that are picked, from the one where it began to the one where it is now. */
interface PickedLines {
  anchor: number;
  head: number;
}

function spanOf({ anchor, head }: PickedLines): LineRange {
  return { first: Math.min(anchor, head), last: Math.max(anchor, head) };
}

function indexOfNode(node: Node | null): number | undefined {
  const element = node instanceof Element ? node : node?.parentElement;
  const index = element?.closest<HTMLElement>("[data-index]")?.dataset["index"];
  return index === undefined ? undefined : Number(index);
}

function keyOf({ first, last, startOffset, endOffset }: TextSelection): string {
  return [first, startOffset, last, endOffset].join(":");
}

const ignore = () => {};
