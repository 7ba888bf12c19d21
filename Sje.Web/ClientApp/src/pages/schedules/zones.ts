/** Names of time zones that this browser knows; the server may know more, and has the last word. */
export const ZONES: readonly string[] = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];
