import { useSession } from "../../api/session";
import { useUrl } from "../../base/url";
import { EmptyState, PageHead, Tabs } from "../../ui";
import "../parts/parts.css";
import { AboutTab } from "./AboutTab";
import { ConfigurationTab } from "./ConfigurationTab";
import { KeysTab } from "./KeysTab";
import { OperationsTab } from "./OperationsTab";
import { ProfileTab } from "./ProfileTab";
import { RetentionTab } from "./RetentionTab";
import { RetriesTab } from "./RetriesTab";
import "./settings.css";

const TABS = [
  { id: "profile", label: "Profile" },
  { id: "keys", label: "Keys", admin: true },
  { id: "retries", label: "Retries", admin: true },
  { id: "retention", label: "Retention", admin: true },
  { id: "configuration", label: "Configuration", admin: true },
  { id: "operations", label: "Operations" },
  { id: "about", label: "About" },
];

/** What a person can set, and what the server is set to. */
export default function SettingsPage() {
  const [url, setUrl] = useUrl();
  const session = useSession().data;
  const admin = session?.role === "admin";
  const tab = TABS.find((one) => one.id === url.tab) ?? TABS[0]!;
  const shown = TABS.filter((one) => !one.admin || admin || one.id === tab.id);
  return (
    <div className="filling">
      <PageHead title="Settings" tab={tab.id === "profile" ? "Settings" : `${tab.label} – Settings`} />
      <Tabs
        label="Settings"
        tabs={shown}
        selected={tab.id}
        onSelect={(id) => setUrl({ tab: id === "profile" ? undefined : id, q: undefined, revoked: undefined })}
      >
        {tab.admin && session && !admin ? (
          <EmptyState icon="key" title="For administrators">
            Your key has the role {session.role}. Whoever has an administrator's key sees this.
          </EmptyState>
        ) : (
          <>
            {tab.id === "profile" && <ProfileTab />}
            {tab.id === "keys" && <KeysTab />}
            {tab.id === "retries" && <RetriesTab />}
            {tab.id === "retention" && <RetentionTab />}
            {tab.id === "configuration" && <ConfigurationTab />}
            {tab.id === "operations" && <OperationsTab />}
            {tab.id === "about" && <AboutTab admin={admin} />}
          </>
        )}
      </Tabs>
    </div>
  );
}
