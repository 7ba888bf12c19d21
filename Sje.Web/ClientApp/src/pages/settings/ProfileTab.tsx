import { signOut, useSession } from "../../api/session";
import { zoneName } from "../../base/format";
import { preferences, usePreferences, type Preferences } from "../../base/preferences";
import { Button, Card, Checkbox, Select, Skeleton, Time } from "../../ui";
import { Facts } from "../parts";

const ROLES = {
  viewer: "sees, and changes nothing",
  operator: "sees, starts, cancels, retries, pauses",
  admin: "everything, also keys, tenants and the server",
};

/** How things look in this browser, and who uses it. */
export function ProfileTab() {
  const chosen = usePreferences();
  const session = useSession().data;
  const set =
    <P extends keyof Preferences>(name: P) =>
    (value: string) =>
      preferences.set({ [name]: value } as Partial<Preferences>);
  return (
    <div className="settings-cards">
      <Card title="How things look">
        <div className="form">
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
            label="Times are in"
            help={<>Now it is <Time at={new Date()} show="full" />. Charts and Gantt bars follow.</>}
            value={chosen.zone}
            onChange={set("zone")}
            options={[
              { value: "local", label: `This browser's zone (${zoneName("local")})` },
              { value: "utc", label: "UTC" },
            ]}
          />
          <Select
            label="Rows of tables"
            value={chosen.density}
            onChange={set("density")}
            options={[
              { value: "compact", label: "Compact: 26 pixels" },
              { value: "normal", label: "Normal: 32 pixels" },
              { value: "comfortable", label: "Comfortable: 40 pixels" },
            ]}
          />
          <Checkbox label="Navigation as icons only" checked={chosen.narrow} onChange={(narrow) => preferences.set({ narrow })} />
          <Checkbox
            label="Single keys do things"
            help="j, k, r, g o and the like. Off, only keys with Ctrl, Enter, arrows and Esc work. Press ? for all of them."
            checked={chosen.singleKeys}
            onChange={(singleKeys) => preferences.set({ singleKeys })}
          />
          <p className="muted">Kept in this browser.</p>
        </div>
      </Card>
      <Card title="Who you are">
        {!session ? (
          <Skeleton lines={3} />
        ) : (
          <>
            <Facts
              facts={[
                { name: "Name", value: session.anonymous ? "Nobody signed in, and nobody has to: this server has no keys and listens on this machine only." : session.name },
                { name: "Role", value: `${session.role} – ${ROLES[session.role]}` },
                { name: "Tenant", value: session.tenant },
              ]}
            />
            {!session.anonymous && (
              <p className="settings-below">
                <Button onClick={() => void signOut()}>Sign out</Button>
              </p>
            )}
          </>
        )}
      </Card>
    </div>
  );
}
