import { useState } from "react";
import type { UrlParameters } from "../../base/url";
import { Button, IconButton } from "../../ui/Button";
import { Select, TextField } from "../../ui/fields";
import { SearchField } from "../../ui/SearchField";
import { StateIcon } from "../../ui/StateMark";
import { lookOf } from "../../ui/states";
import { shortCount } from "../../base/format";
import { type ExecutionFilter, filterNames, listStates, showsAll, toggled, writeFilter } from "./filters";
import { countOf, ranges } from "./query";
import { useSavedFilters } from "./savedFilters";

type SetUrl = (change: UrlParameters, options?: { replace?: boolean }) => void;

/** Filters of the list: text, states with their counts, how far back, and what the address names beside. */
export function Filters({
  filter,
  range,
  url,
  counts,
  countsUpTo,
  setUrl,
}: {
  filter: ExecutionFilter;
  range: string | undefined;
  url: UrlParameters;
  counts: Record<string, number> | undefined;
  countsUpTo: number;
  setUrl: SetUrl;
}) {
  const set = (change: UrlParameters, options?: { replace?: boolean }) => setUrl({ ...change, cursor: undefined }, options);
  const named = (["job", "queue", "schedule", "tag", "since", "until"] as const).filter((name) => filter[name] !== undefined);
  return (
    <div className="xs-filters">
      <div className="row">
        <SearchField
          className="xs-search"
          restMs={40}
          help="Filter"
          label="Part of a name or label, or an id"
          placeholder="Name, label or id"
          value={filter.text ?? ""}
          onChange={(text) => set({ q: text || undefined }, { replace: true })}
        />
        <div className="xs-range">
          <Select
            label="How far back"
            hideLabel
            value={range ?? ""}
            onChange={(value) => set({ range: value || undefined })}
            options={[{ value: "", label: "Any time" }, ...ranges.map((one) => ({ value: one.id, label: `Last ${one.word}` }))]}
          />
        </div>
        {named.map((name) => (
          <span key={name} className="xs-named">
            <span className="muted">{name}</span> {filter[name]}
            <IconButton icon="close" label={`Remove ${name}`} onClick={() => set({ [name]: undefined })} />
          </span>
        ))}
        {(!showsAll(filter) || range) && (
          <Button tone="quiet" onClick={() => set({ ...writeFilter({}), range: undefined })}>
            Clear filters
          </Button>
        )}
        <SavedFilters url={url} setUrl={set} canSave={!showsAll(filter) || range !== undefined} />
      </div>
      <div className="row xs-states" role="group" aria-label="States">
        {listStates.map((state) => {
          const count = counts ? countOf(counts, state) : undefined;
          const on = filter.states.includes(state);
          if (!on && count === 0 && (state === "partially_succeeded" || state === "timed_out")) return null;
          return (
            <Button
              key={state}
              tone="quiet"
              className="xs-state"
              aria-pressed={on}
              onClick={() => set({ state: toggled(filter.states, state).join(",") || undefined })}
            >
              <span className={`state-${lookOf(state).tone} xs-state-icon`}>
                <StateIcon state={state} size={14} />
              </span>
              {lookOf(state).word}
              {count !== undefined && (
                <span className="xs-count">{count >= countsUpTo ? `${shortCount(countsUpTo)}+` : shortCount(count)}</span>
              )}
            </Button>
          );
        })}
      </div>
    </div>
  );
}

function SavedFilters({ url, setUrl, canSave }: { url: UrlParameters; setUrl: SetUrl; canSave: boolean }) {
  const { filters, save, forget } = useSavedFilters();
  const [name, setName] = useState("");
  const kept = [...filterNames, "range", "sort"] as const;
  const values = () => Object.fromEntries(kept.flatMap((one) => (url[one] ? [[one, url[one]]] : []))) as Record<string, string>;
  return (
    <div className="xs-saved">
      <Button icon="filter" popoverTarget="xs-saved-menu" tone="quiet">
        Saved filters{filters.length > 0 && <span className="xs-count">{filters.length}</span>}
      </Button>
      <div id="xs-saved-menu" popover="auto" className="xs-menu">
        {filters.length === 0 && <p className="muted">None yet. They are kept in this browser.</p>}
        {filters.length > 0 && (
          <ul>
            {filters.map((one) => (
              <li key={one.name}>
                <Button
                  tone="quiet"
                  popoverTarget="xs-saved-menu"
                  popoverTargetAction="hide"
                  onClick={() => setUrl({ ...Object.fromEntries(kept.map((key) => [key, undefined])), ...one.values })}
                >
                  {one.name}
                </Button>
                <IconButton icon="trash" label={`Forget ${one.name}`} onClick={() => forget(one.name)} />
              </li>
            ))}
          </ul>
        )}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (!name.trim() || !canSave) return;
            save({ name: name.trim(), values: values() });
            setName("");
          }}
        >
          <TextField label="Save this filter as" value={name} maxLength={60} onChange={setName} />
          <Button type="submit" reason={canSave ? (name.trim() ? undefined : "Give it a name first") : "Nothing is filtered"}>
            Save
          </Button>
        </form>
      </div>
    </div>
  );
}
