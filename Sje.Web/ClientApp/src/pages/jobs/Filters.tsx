import { useEffect, useRef, useState } from "react";
import { useKeys } from "../../base/keys";
import type { UrlParameters } from "../../base/url";
import { Button, Select, TextField } from "../../ui";

/** Types that the server knows without plug-ins. */
const TYPES = ["workflow", "pipeline", "spark", "process", "http", "sql", "noop"];

export type SetUrl = (change: UrlParameters, options?: { replace?: boolean }) => void;

/** What the list of jobs is narrowed down by; all of it stands in the address. */
export function Filters({ url, setUrl }: { url: UrlParameters; setUrl: SetUrl }) {
  const any = ["q", "type", "tag", "paused"].some((name) => url[name]);
  return (
    <div className="jobs-filters" role="search" aria-label="Jobs">
      <SearchField value={url["q"] ?? ""} label="Search jobs by name" onChange={(q) => setUrl({ q: q || undefined }, { replace: true })} />
      <Select
        label="Type"
        hideLabel
        value={url["type"] ?? ""}
        options={[{ value: "", label: "All types" }, ...TYPES.map((type) => ({ value: type, label: type }))]}
        onChange={(type) => setUrl({ type: type || undefined })}
      />
      <Select
        label="Paused"
        hideLabel
        value={url["paused"] ?? ""}
        options={[
          { value: "", label: "Active and paused" },
          { value: "false", label: "Active" },
          { value: "true", label: "Paused" },
        ]}
        onChange={(paused) => setUrl({ paused: paused || undefined })}
      />
      {url["tag"] && (
        <Button icon="close" title="Jobs of all tags" onClick={() => setUrl({ tag: undefined })}>
          Tag: {url["tag"]}
        </Button>
      )}
      {any && (
        <Button tone="quiet" onClick={() => setUrl({ q: undefined, type: undefined, tag: undefined, paused: undefined })}>
          Clear
        </Button>
      )}
    </div>
  );
}

/** A search that goes on while one types; `/` leads to it. */
export function SearchField({ value, label, onChange }: { value: string; label: string; onChange(text: string): void }) {
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    // Back, a cleared filter: the address leads.
    setSeen(value);
    setText(value);
  }
  const place = useRef<HTMLDivElement>(null);
  const call = useRef(onChange);
  useEffect(() => {
    call.current = onChange;
  });
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => call.current(text.trim()), 200);
    return () => clearTimeout(timer);
  }, [text, value]);
  useKeys("Page", [{ key: "/", help: "Search", run: () => place.current?.querySelector("input")?.focus() }]);
  return (
    <div ref={place} className="jobs-search">
      <TextField type="search" label={label} hideLabel placeholder={label} value={text} onChange={setText} />
    </div>
  );
}
