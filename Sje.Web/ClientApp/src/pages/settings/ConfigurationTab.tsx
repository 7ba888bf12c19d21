import { useConfiguration } from "../../api/settings";
import { useUrl } from "../../base/url";
import { Card, CopyButton, EmptyState, ErrorState, Skeleton, TextField } from "../../ui";
import { flatten } from "./configuration";

/** The configuration in force, secrets masked. */
export function ConfigurationTab() {
  const read = useConfiguration();
  const [url, setUrl] = useUrl();
  const { data } = read;
  if (!data) return read.error ? <ErrorState error={read.error} onRetry={() => void read.refetch()} /> : <Skeleton lines={10} />;
  const text = (url.q ?? "").trim().toLowerCase();
  const entries = flatten(data.settings as Record<string, unknown>).filter(({ key, value }) => text === "" || `${key} ${value}`.toLowerCase().includes(text));
  return (
    <Card
      flush
      className="settings-fit"
      title="Configuration in force"
      actions={
        <>
          <TextField label="Filter settings" hideLabel type="search" placeholder="Filter" value={url.q ?? ""} onChange={(q) => setUrl({ q: q || undefined }, { replace: true })} />
          <CopyButton text={() => JSON.stringify(data.settings, null, 2)} label="Copy as JSON" />
        </>
      }
    >
      {entries.length === 0 ? (
        <EmptyState title={text ? "Nothing matches" : "Nothing is set"}>{text ? "No setting has that in its name or value." : "Everything is as built in."}</EmptyState>
      ) : (
        <table className="settings-table">
          <thead>
            <tr>
              <th scope="col">Setting</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {entries.map(({ key, value }) => (
              <tr key={key}>
                <th scope="row" className="mono">
                  {key}
                </th>
                <td className="mono">{value.includes("***") ? <span title="A secret: it is not shown">{value}</span> : value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="settings-note muted">
        What differs from the built-in values, from <code>appsettings.json</code>, <code>sje-config.yaml</code>, <code>SJE_*</code> and the command line, the last one winning. Secrets are masked by the server.
      </p>
    </Card>
  );
}
