import { signOut, useSession } from "../api/session";
import { Button, PageLink } from "../ui/Button";
import { PreferenceFields } from "../ui/PreferenceFields";

/** Who is here, and how things are shown. */
export default function MenuContent() {
  const session = useSession().data;
  return (
    <>
        <section aria-label="You">
          <p>
            <strong>{session?.anonymous ? "Nobody signed in" : (session?.name ?? "…")}</strong>
          </p>
          <p className="muted">{session ? `${session.role}${session.anonymous ? ": this server needs no key from this machine" : `, tenant ${session.tenant}`}` : ""}</p>
          <div className="row">
            {session?.anonymous === false && (
              <Button onClick={() => void signOut()}>Sign out</Button>
            )}
            {session?.anonymous && (
              <PageLink to="/login" className="button button-plain">
                Sign in with a key
              </PageLink>
            )}
            <PageLink to="/settings" className="button button-plain">
              Settings
            </PageLink>
          </div>
        </section>
        <section aria-label="How things are shown" className="form">
          <PreferenceFields />
        </section>
    </>
  );
}
