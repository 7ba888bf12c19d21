import { useLiveStatus } from "../live";

/** How often to read again what has no event: not while the person has paused the page. Hidden tabs do not ask in any case. */
export function usePulse(ms: number): number | false {
  return useLiveStatus().state === "paused" ? false : ms;
}
