import { useEffect } from "react";
import { SignInForm } from "./SignInForm";

/** In place of a page that was never seen: the address stays, so that the page follows the sign-in. */
export default function SignInHere() {
  useEffect(() => {
    document.title = "Sign in – SJE";
  }, []);
  return (
    <div className="login">
      <h1>Sign in to SJE</h1>
      <SignInForm />
    </div>
  );
}
