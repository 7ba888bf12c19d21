import { signOut, useSession } from "../../api/session";
import { Button, Card, Skeleton } from "../../ui";
import { PreferenceFields } from "../../ui/PreferenceFields";
import { Facts } from "../parts";

const ROLES = {
  viewer: "sees, and changes nothing",
  operator: "sees, starts, cancels, retries, pauses",
  admin: "everything, also keys, tenants and the server",
};

/** How things look in this browser, and who uses it. */
export function ProfileTab() {
  const session = useSession().data;
  return (
    <div className="settings-cards">
      <Card title="How things look">
        <div className="form">
          <PreferenceFields explained />
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
