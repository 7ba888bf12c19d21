import { Outlet } from "@tanstack/react-router";
import { PageLink } from "../ui/Button";
import { ConfirmHost } from "../ui/confirm";
import { Icon } from "../ui/Icon";
import { ToastHost } from "../ui/toasts";
import { PAGES } from "./routes";

/** What stands around every page. */
export function Shell() {
  return (
    <div className="shell">
      <nav className="nav" aria-label="Pages">
        <ul>
          {PAGES.map((page) => (
            <li key={page.path}>
              <PageLink to={page.path} className="nav-link">
                <Icon name={page.icon} />
                <span className="nav-name">{page.name}</span>
              </PageLink>
            </li>
          ))}
        </ul>
      </nav>
      <main id="main" className="page" tabIndex={-1}>
        <Outlet />
      </main>
      <ConfirmHost />
      <ToastHost />
    </div>
  );
}
