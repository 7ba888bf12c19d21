import { lookOf, type Tone } from "./states";

/** The icon of a state: shape and colour together, so that colour is never alone. */
export function StateIcon({ state, size = 16 }: { state: string; size?: number }) {
  const { tone, outline } = lookOf(state);
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      aria-hidden="true"
      focusable="false"
      className={`state-icon state-${tone}${tone === "running" ? " state-turns" : ""}`}
    >
      <Shape tone={tone} outline={outline ?? false} />
    </svg>
  );
}

function Shape({ tone, outline }: { tone: Tone; outline: boolean }) {
  const line = { fill: "none", stroke: "currentColor", strokeWidth: 1.75, strokeLinecap: "round", strokeLinejoin: "round" } as const;
  switch (tone) {
    case "queued":
      return <circle cx="8" cy="8" r="5.5" {...line} strokeDasharray="2.6 3.15" />;
    case "running":
      return <path d="M8 2.5A5.5 5.5 0 1 1 2.5 8" {...line} strokeWidth={2} />;
    case "success":
      return <path d="M2.5 8.500l3.500 3.500 7.500-8" {...line} strokeWidth={2} />;
    case "failed":
      return outline ? (
        <path d="M2.500 2.500h11v11h-11zM5.500 5.500l5 5M10.500 5.500l-5 5" {...line} />
      ) : (
        <>
          <rect x="1.500" y="1.500" width="13" height="13" rx="2" fill="currentColor" />
          <path d="M5 5l6 6M11 5l-6 6" {...line} stroke="var(--surface)" strokeWidth={2} />
        </>
      );
    case "retrying":
      return <path d="M8 2 14.500 13.500h-13zM8 6.500v3M8 11.600v.1" {...line} />;
    case "cancelled":
      return (
        <>
          <circle cx="8" cy="8" r="5.750" {...line} />
          <path d="M5 8h6" {...line} />
        </>
      );
  }
}

/**
 * A state as icon, word and colour.
 * @param compact only the icon; the word is then for screen readers and the hover text
 * @param word another word than the state's own
 */
export function StateMark({ state, compact = false, word }: { state: string; compact?: boolean; word?: string }) {
  const look = lookOf(state);
  const text = word ?? look.word;
  return (
    <span className={`state-mark state-${look.tone}`} title={compact ? text : undefined}>
      <StateIcon state={state} />
      <span className={compact ? "visually-hidden" : undefined}>{text}</span>
    </span>
  );
}
