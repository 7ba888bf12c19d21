import type { IconName } from "../ui/Icon";

/** A page of the navigation: where it is, what it is called, its key after `g`. */
export interface PageEntry {
  path: string;
  name: string;
  icon: IconName;
  key: string;
  /** Words that the palette finds it by beside its name. */
  words?: string;
}

export const PAGES: readonly PageEntry[] = [
  { path: "/ops", name: "Operations", icon: "operations", key: "o", words: "overview dashboard home" },
  { path: "/executions", name: "Executions", icon: "executions", key: "e", words: "runs history" },
  { path: "/jobs", name: "Jobs", icon: "jobs", key: "p", words: "pipelines definitions" },
  { path: "/schedules", name: "Schedules", icon: "schedules", key: "s", words: "cron recurring triggers" },
  { path: "/queues", name: "Queues", icon: "queues", key: "q", words: "depth limits" },
  { path: "/workers", name: "Workers", icon: "workers", key: "w", words: "servers machines drain" },
  { path: "/dead-letters", name: "Dead letters", icon: "deadLetters", key: "d", words: "failed requeue purge" },
  { path: "/settings", name: "Settings", icon: "settings", key: ",", words: "keys retention preferences profile" },
];

/** Whether an address is drawn here, rather than by the server (`/hangfire`, `/docs`). */
export function isPageOfOurs(address: string): boolean {
  return /^\/(ops|executions|jobs|schedules|queues|workers|dead-letters|settings|login)?([/?#]|$)/.test(address) && !/\/spark-ui(\/|$)/.test(address);
}
