import { useId, type ReactNode } from "react";
import { useKeys } from "../../base/keys";
import { IconButton } from "../../ui";
import "./parts.css";

/** What stands beside a list and tells more of its chosen row; Esc closes it. */
export function Panel({ title, beside, actions, onClose, children }: { title: ReactNode; beside?: ReactNode; actions?: ReactNode; onClose(): void; children: ReactNode }) {
  const id = useId();
  useKeys("Panel", [{ key: "Escape", help: "Close the panel", run: onClose }]);
  return (
    <aside className="panel" aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {beside}
        <IconButton icon="close" label="Close panel" onClick={onClose} />
      </header>
      {actions && <div className="row panel-actions">{actions}</div>}
      <div className="panel-body">{children}</div>
    </aside>
  );
}

export interface Fact {
  name: string;
  value: ReactNode;
}

/** Names and values, in two columns. */
export function Facts({ facts }: { facts: readonly (Fact | undefined | false)[] }) {
  return (
    <dl className="facts">
      {facts.map(
        (fact) =>
          fact && (
            <div key={fact.name}>
              <dt>{fact.name}</dt>
              <dd>{fact.value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

export interface Stat {
  name: string;
  value: ReactNode;
  /** Draws the value in the colour of a state. */
  state?: "failed" | "retrying" | "success" | "running" | "cancelled";
  note?: ReactNode;
}

/** The figures of a page in a row. */
export function Stats({ label, stats }: { label: string; stats: readonly Stat[] }) {
  return (
    <dl className="stats" aria-label={label}>
      {stats.map((stat) => (
        <div key={stat.name}>
          <dt>{stat.name}</dt>
          <dd className={stat.state ? `state-${stat.state}` : undefined}>{stat.value}</dd>
          {stat.note && <dd className="stats-note">{stat.note}</dd>}
        </div>
      ))}
    </dl>
  );
}
