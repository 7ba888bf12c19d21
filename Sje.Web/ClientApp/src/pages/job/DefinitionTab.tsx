import type { Job } from "../../api/jobs";
import { useUrl } from "../../base/url";
import { CopyButton, Skeleton } from "../../ui";
import { allows } from "../jobs/jobHref";
import { JobEditor } from "./editor/JobEditor";
import { useYaml } from "./useYaml";

/** The newest version as text, to be changed where the caller may. */
export default function DefinitionTab({ job }: { job: Job }) {
  const [, setUrl] = useUrl();
  // A new version of somebody else must not take away what is being edited.
  const saved = useYaml(job, true);
  if (saved === undefined) return <Skeleton lines={12} />;
  return (
    <JobEditor
      draftKey={job.name}
      saved={saved}
      name={job.name}
      readOnly={!allows(job, "edit")}
      onSaved={() => setUrl({ from: undefined, to: undefined }, { replace: true })}
      tools={<CopyButton text={saved.text} label="Copy the saved definition" />}
    />
  );
}
