import { Icon, Time } from "../../ui";

interface Pause {
  pausedAt?: string | null;
  pausedBy?: string | null;
  pauseReason?: string | null;
}

/** That something is paused, on hover by whom and why; `full` also says since when. */
export function PausedMark({ of, full = false }: { of: Pause; full?: boolean }) {
  if (!of.pausedAt) return null;
  const why = [of.pausedBy && `by ${of.pausedBy}`, of.pauseReason].filter(Boolean).join(": ");
  return (
    <span className="jobs-paused" title={why || "Starts nothing until it is resumed"}>
      <Icon name="pause" size={12} />
      {full ? (
        <span>
          Paused since <Time at={of.pausedAt} />
          {why && ` ${why}`}
        </span>
      ) : (
        "Paused"
      )}
    </span>
  );
}
