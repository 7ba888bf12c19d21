import { signOut, useSession } from "../api/session";
import { zoneName } from "../base/format";
import { preferences, usePreferences, type Preferences } from "../base/preferences";
import { Button, PageLink } from "../ui/Button";
import { Checkbox, Select } from "../ui/fields";

/** Who is here, and how things are shown. */
export default function MenuContent() {
  const chosen = usePreferences();
  const session = useSession().data;
  const set =
    <P extends keyof Preferences>(name: P) =>
    (value: string) =>
      preferences.set({ [name]: value });
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
          <Select
            label="Theme"
            value={chosen.theme}
            onChange={set("theme")}
            options={[
              { value: "system", label: "As the system" },
              { value: "light", label: "Light" },
              { value: "dark", label: "Dark" },
            ]}
          />
          <Select
            label="Times"
            value={chosen.zone}
            onChange={set("zone")}
            options={[
              { value: "local", label: zoneName("local") },
              { value: "utc", label: "UTC" },
            ]}
          />
          <Select
            label="Rows"
            value={chosen.density}
            onChange={set("density")}
            options={[
              { value: "compact", label: "Compact" },
              { value: "normal", label: "Normal" },
              { value: "comfortable", label: "Comfortable" },
            ]}
          />
          <Checkbox label="Single keys do things" checked={chosen.singleKeys} onChange={(singleKeys) => preferences.set({ singleKeys })} />
        </section>
    </>
  );
}
