import { useState } from "react";
import { ApiError, messageOf } from "../api/client";
import { signIn } from "../api/session";
import { Button } from "../ui/Button";
import { TextField } from "../ui/fields";

/** Asks for a key. The server never says which part of it was wrong. */
export function SignInForm({ onDone }: { onDone?(): void }) {
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();

  const submit = async () => {
    if (key.trim() === "") return setFault("A key is needed.");
    setBusy(true);
    setFault(undefined);
    try {
      await signIn(key.trim());
      onDone?.();
    } catch (failure) {
      setFault(faultOf(failure));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      className="sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <TextField
        label="Key"
        type="password"
        name="key"
        autoComplete="current-password"
        autoFocus
        value={key}
        onChange={setKey}
        error={fault}
        help={
          <>
            An administrator makes one with <code>sje keys create</code>.
          </>
        }
      />
      <Button type="submit" tone="primary" busy={busy}>
        Sign in
      </Button>
    </form>
  );
}

function faultOf(failure: unknown): string {
  if (failure instanceof ApiError && failure.status === 429) {
    return failure.retryAfter ? `Too many wrong keys: try again in ${failure.retryAfter} s.` : messageOf(failure);
  }
  return messageOf(failure);
}
