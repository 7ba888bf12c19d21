import { signOut, useSession } from "../api/session";
import { instant, zoneName } from "../base/format";
import { preferences, shownTheme, usePreferences, type Preferences } from "../base/preferences";
import { useLiveStatus } from "../live";
import { stream } from "../live/stream";
import { Button, IconButton, PageLink } from "../ui/Button";
import { Checkbox, Select } from "../ui/fields";
import { Icon } from "../ui/Icon";

/** Above every page: home, search, whether it is live, how it is shown, who is here. */
export function TopBar({ onSearch, onHelp }: { onSearch(): void; onHelp(): void }) {
  const { zone } = usePreferences();
  const theme = shownTheme();
  return (
    <header className="top">
      <PageLink to="/ops" className="top-home">
        <Icon name="bolt" />
        SJE
      </PageLink>
      <button type="button" className="top-search" onClick={onSearch} aria-haspopup="dialog">
        <Icon name="search" />
        <span className="top-search-words">Find pages, executions, jobs</span>
        <kbd>Ctrl K</kbd>
      </button>
      <div className="top-right">
        <Live />
        <Button tone="quiet" className="top-zone" title={`Times are in ${zoneName(zone)}; press to change`} onClick={() => preferences.set({ zone: zone === "utc" ? "local" : "utc" })}>
          {zone === "utc" ? "UTC" : (zoneName(zone).split("/").at(-1)?.replaceAll("_", " ") ?? "Local")}
        </Button>
        <IconButton icon={theme === "dark" ? "sun" : "moon"} label={theme === "dark" ? "Light theme" : "Dark theme"} onClick={toggleTheme} />
        <IconButton icon="help" label="Keys (?)" className="top-help" onClick={onHelp} />
        <Menu />
      </div>
    </header>
  );
}

/** The other theme than the one on the screen. */
export function toggleTheme(): void {
  preferences.set({ theme: shownTheme() === "dark" ? "light" : "dark" });
}

const LIVE_WORDS = { connecting: "Connecting", live: "Live", paused: "Paused", offline: "Offline" };

function Live() {
  const { state, since } = useLiveStatus();
  const { zone } = usePreferences();
  const word = state === "offline" ? `Offline since ${instant(since, zone, "time").slice(0, 5)}` : LIVE_WORDS[state];
  return (
    <button
      type="button"
      className={`live live-${state}`}
      title={state === "live" ? "Changes are shown as they happen; press to pause" : state === "paused" ? "Press to show changes as they happen" : word}
      aria-pressed={state === "paused"}
      onClick={() => stream.hold(!stream.isHeld)}
    >
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
        {state === "live" ? (
          <circle cx="5" cy="5" r="4" fill="currentColor" />
        ) : state === "paused" ? (
          <path d="M3 1v8M7 1v8" stroke="currentColor" strokeWidth="2" />
        ) : (
          <circle cx="5" cy="5" r="3.5" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray={state === "offline" ? undefined : "2 2"} />
        )}
      </svg>
      <span role="status">{word}</span>
    </button>
  );
}

function Menu() {
  const chosen = usePreferences();
  const session = useSession().data;
  const set =
    <P extends keyof Preferences>(name: P) =>
    (value: string) =>
      preferences.set({ [name]: value });
  return (
    <>
      <IconButton icon="user" label="You and how things are shown" popoverTarget="menu" />
      <div id="menu" popover="auto" className="menu">
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
      </div>
    </>
  );
}
