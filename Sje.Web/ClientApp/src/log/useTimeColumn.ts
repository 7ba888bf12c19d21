import { useState } from "react";
import type { TimeColumn } from "./LogRow";

const TIME_KEY = "sje.log.time";

/** What the column of times shows, kept in this browser. */
export function useTimeColumn(): [TimeColumn, (time: TimeColumn) => void] {
  const [time, setTime] = useState<TimeColumn>(readTime);
  return [
    time,
    (next) => {
      setTime(next);
      keepTime(next);
    },
  ];
}

function readTime(): TimeColumn {
  try {
    const kept = localStorage.getItem(TIME_KEY);
    return kept === "clock" || kept === "none" ? kept : "delta";
  } catch {
    return "delta";
  }
}

function keepTime(time: TimeColumn): void {
  try {
    localStorage.setItem(TIME_KEY, time);
  } catch {
    // Then it holds for this page only.
  }
}
