import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

/** The parameters of an address: all are plain text; a page reads its own out of them. */
export type UrlParameters = Record<string, string | undefined>;

/** `?state=failed&q=a b` as an object; of a parameter that is there twice the last counts. */
export function parseSearch(text: string): UrlParameters {
  return Object.fromEntries(new URLSearchParams(text));
}

/** An object as `?state=failed&q=a%20b`; what is undefined or empty is left out. */
export function writeSearch(values: Record<string, unknown>): string {
  const parts = Object.entries(values)
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([name, value]) => `${encodeURIComponent(name)}=${readable(String(value))}`);
  return parts.length > 0 ? `?${parts.join("&")}` : "";
}

// What need not be escaped in a query reads better unescaped.
function readable(value: string): string {
  return encodeURIComponent(value).replace(/%(2C|3A|2F|40)/g, (code) => decodeURIComponent(code));
}

/**
 * The parameters of this page's address, and how to change them. Filters, tabs, selections, ranges and log lines live here and nowhere else,
 * so that Back, reload and a sent link work.
 * @example
 * const [url, setUrl] = useUrl();
 * url.state // "failed" or undefined
 * setUrl({ state: "failed", cursor: undefined });            // a step that Back undoes
 * setUrl({ q: text }, { replace: true });                    // typing: no step of its own
 */
export function useUrl(): [UrlParameters, (change: UrlParameters, options?: { replace?: boolean }) => void] {
  const search = useSearch({ strict: false }) as UrlParameters;
  const navigate = useNavigate();
  const set = useCallback(
    (change: UrlParameters, options?: { replace?: boolean }) => {
      void navigate({
        to: ".",
        search: (before: UrlParameters) => ({ ...before, ...change }),
        replace: options?.replace ?? false,
        resetScroll: false,
      } as never);
    },
    [navigate],
  );
  return [search, set];
}
