import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Button, PageHead, PageLink } from "../../ui";
import { drafts } from "../job/drafts";
import { JobEditor } from "../job/editor/JobEditor";
import "../job/job.css";
import { TEMPLATES } from "./templates";
import { useMayCreate } from "./useMayCreate";

const DRAFT = " new";
const FIRST = TEMPLATES[0]?.text ?? "";

/** Writes a new job, from a template or from a file of this or another system. */
export default function NewJob() {
  const navigate = useNavigate();
  const mayCreate = useMayCreate();
  const [start, setStart] = useState({ text: FIRST, times: 0 });
  return (
    <>
      <PageHead title="New job" beside={<PageLink to="/jobs">All jobs</PageLink>} />
      <div className="jobs-templates" role="group" aria-label="Begin with">
        {TEMPLATES.map((template) => (
          <Button
            key={template.id}
            title={template.about}
            onClick={() => {
              drafts.drop(DRAFT);
              setStart(({ times }) => ({ text: template.text, times: times + 1 }));
            }}
          >
            {template.title}
          </Button>
        ))}
        <span className="muted jobs-hint">or paste a job of another system: it is read and checked the same way.</span>
      </div>
      <JobEditor
        key={start.times}
        draftKey={DRAFT}
        saved={{ text: start.text, version: 0 }}
        name={null}
        readOnly={!mayCreate}
        onSaved={(job) => void navigate({ to: `/jobs/${encodeURIComponent(job.name)}` as never, replace: true })}
      />
    </>
  );
}
