import { useEffect, useId, useRef, type ReactNode } from "react";
import { IconButton } from "./Button";

const FIRST_FIELD = ".dialog-body :is(input, select, textarea):not([disabled])";
const MAIN_BUTTON = ".dialog-foot button:last-child";

/**
 * A modal dialog: keeps the focus inside, closes by Esc, gives the focus back to where it was. Show it by rendering it.
 * @example {open && <Dialog title="Rerun" onClose={() => setOpen(false)} footer={<Button tone="primary" onClick={run}>Rerun</Button>}>…</Dialog>}
 */
export function Dialog({
  title,
  children,
  footer,
  onClose,
  wide = false,
}: {
  title: ReactNode;
  children: ReactNode;
  /** Buttons, the main one last. */
  footer?: ReactNode;
  onClose(): void;
  wide?: boolean;
}) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    const element = dialog.current;
    if (element && !element.open) {
      element.showModal();
      // What is in a closed dialog cannot take the focus that it was made with, so the browser gave it to the first button: the one that closes.
      (element.querySelector<HTMLElement>(FIRST_FIELD) ?? element.querySelector<HTMLElement>(MAIN_BUTTON))?.focus();
    }
    return () => {
      element?.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={`dialog ${wide ? "dialog-wide" : ""}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className="dialog-inside">
        <header className="dialog-head">
          <h2 id={id}>{title}</h2>
          <IconButton icon="close" label="Close" onClick={onClose} />
        </header>
        <div className="dialog-body">{children}</div>
        {footer && <footer className="dialog-foot">{footer}</footer>}
      </div>
    </dialog>
  );
}
