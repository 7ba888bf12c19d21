import { lazy, Suspense, useState } from "react";
import { instant, zoneName } from "../base/format";
import { loaded } from "../base/load";
import { preferences, shownTheme, usePreferences } from "../base/preferences";
import { useLiveStatus } from "../live";
import { stream } from "../live/stream";
import { Button, IconButton, PageLink } from "../ui/Button";
import { Icon } from "../ui/Icon";

const MenuContent = lazy(() => loaded(() => import("./MenuContent")));

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
  const [opened, setOpened] = useState(false);
  return (
    <>
      <IconButton icon="user" label="You and how things are shown" popoverTarget="menu" />
      <div id="menu" popover="auto" className="menu" onToggle={(event) => event.newState === "open" && setOpened(true)}>
        {opened && (
          <Suspense fallback={null}>
            <MenuContent />
          </Suspense>
        )}
      </div>
    </>
  );
}
