import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { useSession, useSignedOut } from "../api/session";
import { useUrl } from "../base/url";
import { Button } from "../ui/Button";
import { PageHead } from "../ui/Card";
import { isPageOfOurs } from "./routes";
import { SignInForm } from "./SignInForm";

/** Only a path of this server, so that no link leads astray after a sign-in. */
export function targetOf(given: string | undefined): string {
  // oxlint-disable-next-line no-control-regex
  return given && /^\/(?![/\\])[^\u0000-\u001f]*$/.test(given) ? given : "/ops";
}

export default function LoginPage() {
  const [url] = useUrl();
  const router = useRouter();
  const session = useSession();
  const signedOut = useSignedOut();
  const target = targetOf(url["to"]);
  const leave = () => {
    if (isPageOfOurs(target)) void router.history.replace(target);
    else location.replace(target);
  };
  const open = session.data?.anonymous === false && !signedOut;

  useEffect(() => {
    document.title = "Sign in – SJE";
  }, []);

  return (
    <div className="login">
      <PageHead title="Sign in to SJE" />
      {open ? (
        <>
          <p>
            You are signed in as <strong>{session.data?.name}</strong>.
          </p>
          <Button tone="primary" onClick={leave}>
            Go on
          </Button>
        </>
      ) : (
        <SignInForm onDone={leave} />
      )}
    </div>
  );
}
