import { useEffect, useRef } from "react";
import type { LogUrlPatch } from "./LogView";

/** Keeps the line that is meant in the address. It may be changed there by others, and by us a little later. */
export function useLineInUrl(line: number | undefined, cursor: number | undefined, onLine: (line: number | undefined) => void, onChange: (patch: LogUrlPatch) => void): void {
  const told = useRef(line);
  const latest = useRef({ onLine, onChange });
  useEffect(() => {
    latest.current = { onLine, onChange };
  });
  useEffect(() => {
    if (line === told.current) return;
    told.current = line;
    latest.current.onLine(line);
  }, [line]);
  useEffect(() => {
    if (cursor === told.current) return;
    const timer = setTimeout(() => {
      told.current = cursor;
      latest.current.onChange({ line: cursor });
    }, 250);
    return () => clearTimeout(timer);
  }, [cursor]);
}
