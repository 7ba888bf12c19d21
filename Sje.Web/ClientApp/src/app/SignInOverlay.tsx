import { useEffect, useRef } from "react";
import { SignInForm } from "./SignInForm";

/** Above a page that goes on being there with all that was typed into it. */
export default function SignInOverlay() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="sign-in-title" onCancel={(event) => event.preventDefault()}>
      <div className="dialog-inside">
        <header className="dialog-head">
          <h2 id="sign-in-title">Sign in again</h2>
        </header>
        <div className="dialog-body">
          <p>The key of this browser is not valid any more. What you have typed is kept.</p>
          <SignInForm />
        </div>
      </div>
    </dialog>
  );
}
