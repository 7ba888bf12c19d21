import type { UrlParameters } from "../../base/url";
import { Button, Select } from "../../ui";
import { SearchField } from "../../ui/SearchField";

/** Types that the server knows without plug-ins. */
const TYPES = ["workflow", "pipeline", "spark", "process", "http", "sql", "noop"];

export type SetUrl = (change: UrlParameters, options?: { replace?: boolean }) => void;

/** What the list of jobs is narrowed down by; all of it stands in the address. */
export function Filters({ url, setUrl }: { url: UrlParameters; setUrl: SetUrl }) {
  const any = ["q", "type", "tag", "paused"].some((name) => url[name]);
  return (
    <div className="jobs-filters" role="search" aria-label="Jobs">
      <SearchField className="jobs-search" restMs={200} help="Search" value={url["q"] ?? ""} label="Search jobs by name" onChange={(q) => setUrl({ q: q || undefined }, { replace: true })} />
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
