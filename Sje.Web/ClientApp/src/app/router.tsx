import { createRootRoute, createRoute, createRouter, redirect } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { parseSearch, writeSearch } from "../base/url";
import { NotFound, PageFailure } from "./failures";
import { comes, part } from "../base/load";
import { Shell } from "./Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: PageFailure });

// The router does not wait for a page's code: what stands around it is painted first, and another page stays until the new one is there.
function page(path: string, load: () => Promise<{ default: ComponentType }>) {
  const { Part, preload } = part(load);
  return createRoute({
    getParentRoute: () => root,
    path,
    component: Part,
    // Begins also when a link is pointed at. That it failed is told where the page is drawn.
    loader: () => comes(preload()),
    validateSearch: (search: Record<string, string | undefined>) => search,
    errorComponent: PageFailure,
  });
}

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/ops" as string, replace: true });
  },
});

const tree = root.addChildren([
  home,
  page("/ops", () => import("../pages/ops")),
  page("/executions", () => import("../pages/executions")),
  page("/executions/$id", () => import("../pages/execution")),
  page("/jobs", () => import("../pages/jobs")),
  page("/jobs/$name", () => import("../pages/job")),
  page("/schedules", () => import("../pages/schedules")),
  page("/schedules/$name", () => import("../pages/schedules/SchedulePage")),
  page("/queues", () => import("../pages/queues")),
  page("/workers", () => import("../pages/workers")),
  page("/dead-letters", () => import("../pages/dead-letters")),
  page("/settings", () => import("../pages/settings")),
  page("/login", () => import("./LoginPage")),
]);

export const router = createRouter({
  routeTree: tree,
  parseSearch,
  stringifySearch: writeSearch,
  scrollRestoration: true,
  // A page that is loading leaves the one before it on the screen.
  defaultPendingMs: 60_000,
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
});
