import { Icon } from "../../../ui";
import type { TextFault } from "../faults";
import type { Validation } from "./useValidation";

/** One line on how the text stands, read out when it changes. */
export function ValidationMark({ validation }: { validation: Validation }) {
  const count = validation.faults.length;
  const [icon, tone, words] =
    validation.state === "valid"
      ? (["check", "good", "Valid"] as const)
      : validation.state === "wrong"
        ? (["warning", "bad", count === 1 ? "1 problem" : `${count} problems`] as const)
        : validation.state === "checking"
          ? (["more", "quiet", "Checking…"] as const)
          : (["info", "quiet", "Not checked"] as const);
  return (
    <span className={`job-validity job-validity-${tone}`} role="status" title={validation.message ?? undefined}>
      <Icon name={icon} />
      {words}
    </span>
  );
}

/** Every fault of the text; a click puts the cursor at its line. */
export function Problems({ faults, stale, onGo }: { faults: readonly TextFault[]; stale: boolean; onGo(line: number): void }) {
  if (faults.length === 0) return null;
  return (
    <section className={`job-problems ${stale ? "job-stale" : ""}`} aria-label="Problems">
      <h3>
        Problems <span className="tabs-count">{faults.length}</span>
      </h3>
      <ul>
        {faults.map((fault, at) => (
          <li key={`${at} ${fault.line} ${fault.where}`}>
            <button type="button" className="job-problem" onClick={() => onGo(fault.line)}>
              <span className="job-problem-line">Line {fault.line}</span>
              {fault.where && <code className="job-problem-where">{fault.where}</code>}
              <span className="job-problem-text">{fault.detail}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
