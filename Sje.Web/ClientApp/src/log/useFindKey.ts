import { type RefObject, useEffect, useRef } from "react";

/** Ctrl F in the log opens its own search; pressed again there, it is the browser's. */
export function useFindKey(root: RefObject<HTMLElement | null>, open: () => void): void {
  const latest = useRef(open);
  useEffect(() => {
    latest.current = open;
  });
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== "f") return;
      // The list of keys names it, but only here it is known whose search is meant.
      event.stopImmediatePropagation();
      const active = document.activeElement;
      const input = root.current?.querySelector<HTMLInputElement>(".log-search input");
      const isMine = !active || active === document.body || root.current?.contains(active) === true;
      if (!isMine || (input && active === input)) return;
      event.preventDefault();
      if (input) input.select();
      input?.focus();
      latest.current();
    };
    document.addEventListener("keydown", onKey, { capture: true });
    return () => document.removeEventListener("keydown", onKey, { capture: true });
  }, [root]);
}
