import { useState, type ReactNode } from "react";
import { Button, Dialog, TextField } from "../../ui";

/** Asks why something is to be paused (or drained) before it is. */
export function PauseDialog({ title, children, action, onClose, onPause }: { title: string; children: ReactNode; action: string; onClose(): void; onPause(reason: string): void }) {
  const [reason, setReason] = useState("");
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button tone="primary" type="submit" form="pause-form">
            {action}
          </Button>
        </>
      }
    >
      {children}
      <form
        id="pause-form"
        onSubmit={(event) => {
          event.preventDefault();
          onPause(reason.trim());
        }}
      >
        <TextField label="Reason" placeholder="Database upgrade until 18:00" help="Others see it beside who did it." maxLength={200} value={reason} onChange={setReason} autoFocus />
      </form>
    </Dialog>
  );
}
