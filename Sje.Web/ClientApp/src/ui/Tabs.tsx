import { useEffect, useId, useRef, type ReactNode } from "react";

export interface Tab {
  id: string;
  label: ReactNode;
  /** Drawn after the label. */
  count?: number;
}

/**
 * Tabs whose selection the page keeps in the address. Arrow keys move, Home and End jump.
 * @param children what the selected tab shows
 */
export function Tabs({
  label,
  tabs,
  selected,
  onSelect,
  children,
}: {
  /** What the row of tabs is, for screen readers. */
  label: string;
  tabs: readonly Tab[];
  selected: string;
  onSelect(id: string): void;
  children: ReactNode;
}) {
  const base = useId();
  const list = useRef<HTMLDivElement>(null);
  // Where there is no room for all of them, the selected one is in sight.
  useEffect(() => {
    list.current?.querySelector(`[data-tab="${CSS.escape(selected)}"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [selected]);
  const move = (to: number) => {
    const tab = tabs[(to + tabs.length) % tabs.length];
    if (!tab) return;
    onSelect(tab.id);
    list.current?.querySelector<HTMLElement>(`[data-tab="${CSS.escape(tab.id)}"]`)?.focus();
  };
  const at = tabs.findIndex((tab) => tab.id === selected);
  return (
    <div className="tabs">
      <div
        role="tablist"
        aria-label={label}
        className="tabs-list"
        ref={list}
        onKeyDown={(event) => {
          const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
          if (to === undefined) return;
          event.preventDefault();
          move(to);
        }}
      >
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${base}-${tab.id}`}
            data-tab={tab.id}
            aria-selected={tab.id === selected}
            aria-controls={tab.id === selected ? `${base}-panel` : undefined}
            tabIndex={tab.id === selected ? 0 : -1}
            onClick={() => onSelect(tab.id)}
          >
            {tab.label}
            {tab.count !== undefined && <span className="tabs-count">{tab.count}</span>}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${selected}`} className="tabs-panel">
        {children}
      </div>
    </div>
  );
}
