import { useRouterState } from "@tanstack/react-router";
import { count, shortCount } from "../base/format";
import { preferences, usePreferences } from "../base/preferences";
import { IconButton, PageLink } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { PAGES } from "./routes";
import { useNavCounts } from "./useNavCounts";

/** The pages, with what they count. */
export function Nav({ counting }: { counting: boolean }) {
  const { narrow } = usePreferences();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const counts = useNavCounts(counting);
  return (
    <nav className="nav" aria-label="Pages">
      <ul>
        {PAGES.map((page) => {
          const here = path === page.path || path.startsWith(`${page.path}/`);
          const counted = counts[page.path];
          return (
            <li key={page.path}>
              <PageLink to={page.path} className={`nav-link ${here ? "nav-here" : ""}`} aria-current={here ? "page" : undefined} title={`${page.name} (g ${page.key})`}>
                <Icon name={page.icon} />
                <span className="nav-name">{page.name}</span>
                {counted && counted.value > 0 && (
                  <span className={`nav-count ${page.path === "/dead-letters" ? "nav-count-failed" : ""}`} title={`${count(counted.value)} ${counted.meaning}`}>
                    {shortCount(counted.value)}
                    <span className="visually-hidden"> {counted.meaning}</span>
                  </span>
                )}
              </PageLink>
            </li>
          );
        })}
      </ul>
      <ul className="nav-foot">
        <li>
          <a className="nav-link" href="/hangfire" title="Hangfire's dashboard">
            <Icon name="bolt" />
            <span className="nav-name">Hangfire</span>
          </a>
        </li>
        <li>
          <a className="nav-link" href="/docs" title="The API's documentation">
            <Icon name="info" />
            <span className="nav-name">API</span>
          </a>
        </li>
        <li className="nav-fold">
          <IconButton
            icon={narrow ? "last" : "first"}
            label={narrow ? "Widen the navigation" : "Narrow the navigation"}
            aria-expanded={!narrow}
            onClick={() => preferences.set({ narrow: !narrow })}
          />
        </li>
      </ul>
    </nav>
  );
}
