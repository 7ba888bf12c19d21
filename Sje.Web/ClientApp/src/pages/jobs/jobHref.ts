/** The page of a job. */
export function jobHref(name: string, tab?: string): string {
  return `/jobs/${encodeURIComponent(name)}${tab ? `?tab=${tab}` : ""}`;
}

/** Whether the server lets the caller do something to this object now. */
export function allows(of: { actions?: string[] | null }, action: string): boolean {
  return of.actions?.includes(action) ?? false;
}
