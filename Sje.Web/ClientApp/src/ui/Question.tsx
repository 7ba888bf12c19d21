import { useState } from "react";
import { Button } from "./Button";
import type { Asked } from "./confirm";
import { Dialog } from "./Dialog";
import { TextField } from "./fields";

/** The dialog of a question. */
export default function Question({ title, body, action, tone = "danger", typed, answer }: Asked) {
  const [text, setText] = useState("");
  const ready = typed === undefined || text.trim() === typed;
  return (
    <Dialog
      title={title}
      onClose={() => answer(false)}
      footer={
        <>
          <Button onClick={() => answer(false)}>Keep</Button>
          <Button tone={tone} autoFocus={typed === undefined} reason={ready ? undefined : `Type ${typed} first`} onClick={() => answer(true)}>
            {action}
          </Button>
        </>
      }
    >
      {body}
      {typed !== undefined && <TextField label={`Type ${typed} to go ahead`} value={text} onChange={setText} autoFocus />}
    </Dialog>
  );
}
