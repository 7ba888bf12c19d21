import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { rowsOf } from "../../api/client";
import { jobQueries, type Job } from "../../api/jobs";
import { useUrl } from "../../base/url";
import { Button, ErrorState, Skeleton, Time } from "../../ui";
import { allows } from "../jobs/jobHref";
import { drafts } from "./drafts";
import { DiffView } from "./editor/DiffView";
import { useYaml } from "./useYaml";

/** Every version there was, and what changed between any two. */
export default function VersionsTab({ job }: { job: Job }) {
  const [url, setUrl] = useUrl();
  const list = useInfiniteQuery(jobQueries.versions(job.name));
  const versions = rowsOf(list.data);
  const to = numberOf(url["to"]) ?? job.version;
  const from = numberOf(url["from"]) ?? Math.max(1, to - 1);
  if (list.error && !versions) return <ErrorState error={list.error} onRetry={() => void list.refetch()} />;
  if (!versions) return <Skeleton lines={6} height={24} />;

  const pick = (side: "from" | "to", version: number) => setUrl({ from: String(from), to: String(to), [side]: String(version) });
  return (
    <div className="job-versions">
      <div className="job-table-box job-version-list">
        <table className="job-table">
          <caption className="visually-hidden">Versions, newest first; choose two to compare</caption>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col">Version</th>
              <th scope="col">Saved</th>
              <th scope="col">By</th>
            </tr>
          </thead>
          <tbody>
            {versions.map(({ version, createdAt, createdBy }) => (
              <tr key={version} className={version === from || version === to ? "job-version-picked" : undefined}>
                <td>
                  <input
                    type="radio"
                    name="from"
                    aria-label={`Compare from version ${version}`}
                    checked={version === from}
                    onChange={() => pick("from", version)}
                  />
                </td>
                <td>
                  <input
                    type="radio"
                    name="to"
                    aria-label={`Compare to version ${version}`}
                    checked={version === to}
                    onChange={() => pick("to", version)}
                  />
                </td>
                <td>
                  {version}
                  {version === job.version && <span className="muted"> · now</span>}
                </td>
                <td>
                  <Time at={createdAt} />
                </td>
                <td>{createdBy ?? <span className="muted">–</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {list.hasNextPage && (
          <Button tone="quiet" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Older versions
          </Button>
        )}
      </div>
      {versions.length === 1 ? (
        <p className="muted">The only version so far. What a later one changes is shown here.</p>
      ) : (
        <Comparison job={job} from={from} to={to} />
      )}
    </div>
  );
}

function Comparison({ job, from, to }: { job: Job; from: number; to: number }) {
  const [, setUrl] = useUrl();
  const left = useQuery(jobQueries.version(job.name, from));
  const right = useQuery(jobQueries.version(job.name, to));
  const [leftText, rightText] = [useYaml(left.data)?.text, useYaml(right.data)?.text];
  const error = left.error ?? right.error;
  const restorable = from !== job.version && allows(job, "edit") ? from : to !== job.version && allows(job, "edit") ? to : null;
  const restorableText = restorable === from ? leftText : rightText;

  const restore = () => {
    if (restorableText === undefined) return;
    // As a draft: what it means is seen, checked and saved like any other change.
    drafts.write(job.name, { text: restorableText, baseVersion: job.version, changedAt: new Date().toISOString() });
    setUrl({ tab: "definition", from: undefined, to: undefined });
  };

  if (error) {
    return (
      <ErrorState
        error={error}
        onRetry={() => {
          void left.refetch();
          void right.refetch();
        }}
      />
    );
  }
  if (leftText === undefined || rightText === undefined) return <Skeleton lines={10} />;
  return (
    <div className="stack">
      <DiffView key={`${from} ${to}`} left={leftText} right={rightText} leftName={`version ${from}`} rightName={`version ${to}`} />
      {restorable !== null && (
        <div>
          <Button icon="rerun" onClick={restore}>
            Take version {restorable} up as a draft
          </Button>
        </div>
      )}
    </div>
  );
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
