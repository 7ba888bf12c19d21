import { Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { onRefusal } from "../api/client";
import { useSession, useSignedOut } from "../api/session";
import { instant } from "../base/format";
import { useKeys } from "../base/keys";
import { loaded, useFirstIsComing } from "../base/load";
import { usePreferences } from "../base/preferences";
import { useLiveStatus } from "../live";
import { stream } from "../live/stream";
import { Button } from "../ui/Button";
import { ConfirmHost } from "../ui/confirm";
import { Icon } from "../ui/Icon";
import { showToast, ToastHost } from "../ui/toasts";
import { Nav } from "./Nav";
import { PAGES } from "./routes";
import { toggleTheme, TopBar } from "./TopBar";

const Palette = lazy(() => loaded(() => import("./Palette")));
const SignInHere = lazy(() => loaded(() => import("./SignInHere")));
const SignInOverlay = lazy(() => loaded(() => import("./SignInOverlay")));
const KeysDialog = lazy(() => loaded(() => import("./KeysDialog")));

/** What stands around every page. */
export function Shell() {
  const [open, setOpen] = useState<"palette" | "keys">();
  const { narrow } = usePreferences();
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const session = useSession();
  const signedOut = useSignedOut();
  const main = useRef<HTMLElement>(null);
  const signingIn = path === "/login";
  // Until the server has said who is here nothing is asked in their name. Where it does not answer, pages say so themselves.
  const known = session.data !== undefined || (session.isError && !signedOut);
  const isComing = useFirstIsComing();

  useKeys("Everywhere", [
    { key: "Ctrl+k", help: "Find pages, executions, jobs", run: () => setOpen("palette") },
    { key: "?", help: "Show the keys", run: () => setOpen("keys") },
    { key: "t", help: "Light or dark", run: toggleTheme },
    { key: "/", help: "Filter this page", run: focusFilter },
    ...PAGES.map((page) => ({ key: `g ${page.key}`, help: page.name, run: () => void navigate({ to: page.path as string }) })),
    { key: "g j", run: () => void navigate({ to: "/jobs" as string }) },
  ]);

  useEffect(
    () =>
      onRefusal((error, method) => {
        if (method !== "GET" && (error.status === 403 || error.status === 429)) {
          showToast({ tone: "failed", text: `${error.status === 403 ? "Not allowed" : "Too much at once"}: ${error.message}`, seconds: 20 });
        }
      }),
    [],
  );

  // Another page begins at its top, for eyes and for the keyboard.
  const first = useRef(true);
  useEffect(() => {
    if (first.current) first.current = false;
    else if (!document.querySelector("dialog[open]")) main.current?.focus({ preventScroll: true });
  }, [path]);

  return (
    <div className={`shell ${narrow ? "shell-narrow" : ""}`}>
      <a className="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        main.current?.focus();
      }}>
        Skip to the page
      </a>
      <TopBar onSearch={() => setOpen("palette")} onHelp={() => setOpen("keys")} />
      <Nav counting={session.data !== undefined && !signedOut} />
      <div className="middle">
        <OfflineBanner />
        <main id="main" className="page" ref={main} tabIndex={-1}>
          <Suspense fallback={null}>{isComing ? null : known || signingIn ? <Outlet /> : signedOut && <SignInHere />}</Suspense>
        </main>
      </div>
      <ConfirmHost />
      {open && (
        <Suspense fallback={null}>
          {open === "palette" ? <Palette onClose={() => setOpen(undefined)} onHelp={() => setOpen("keys")} /> : <KeysDialog onClose={() => setOpen(undefined)} />}
        </Suspense>
      )}
      {signedOut && session.data !== undefined && !signingIn && (
        <Suspense fallback={null}>
          <SignInOverlay />
        </Suspense>
      )}
      <ToastHost />
    </div>
  );
}

function focusFilter(): void {
  const filter = document.querySelector<HTMLElement>("main [data-filter], main input[type=search]");
  filter?.focus();
  if (filter instanceof HTMLInputElement) filter.select();
}

function OfflineBanner() {
  const { state, since } = useLiveStatus();
  const { zone } = usePreferences();
  if (state !== "offline") return null;
  return (
    <div className="offline" role="alert">
      <Icon name="warning" />
      <span>Offline: the server has not answered since {instant(since, zone, "time")}. What you see is from then.</span>
      <Button icon="retry" onClick={() => stream.again()}>
        Try now
      </Button>
    </div>
  );
}
