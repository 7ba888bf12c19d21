import { useMemo, useState } from "react";
import { countDiff, diffLines, foldLines, type DiffLine } from "../diff";

const SIGNS = { same: " ", added: "+", removed: "−" } as const;

/** Two texts compared line by line; equal parts are folded until they are asked for. */
export function DiffView({ left, right, leftName, rightName }: { left: string; right: string; leftName: string; rightName: string }) {
  const lines = useMemo(() => diffLines(left, right), [left, right]);
  const counts = countDiff(lines);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  if (counts.added + counts.removed === 0) {
    return (
      <p className="job-diff-none muted">
        {leftName} and {rightName} are the same.
      </p>
    );
  }
  return (
    <div className="job-diff">
      <p className="job-diff-head">
        <span>
          {leftName} → {rightName}
        </span>
        <span className="job-diff-added">+{counts.added}</span>
        <span className="job-diff-removed">−{counts.removed}</span>
      </p>
      <div className="job-diff-scroll" tabIndex={0} role="region" aria-label={`Changes from ${leftName} to ${rightName}`}>
        <table>
          <thead className="visually-hidden">
            <tr>
              <th scope="col">Line of {leftName}</th>
              <th scope="col">Line of {rightName}</th>
              <th scope="col">Change</th>
              <th scope="col">Text</th>
            </tr>
          </thead>
          <tbody>
            {foldLines(lines).map((row, at) =>
              row.kind !== "gap" ? (
                <DiffRow key={at} line={row} />
              ) : open.has(at) ? (
                row.lines.map((line, inner) => <DiffRow key={`${at}.${inner}`} line={line} />)
              ) : (
                <tr key={at} className="job-diff-gap">
                  <td colSpan={4}>
                    <button type="button" onClick={() => setOpen(new Set([...open, at]))}>
                      Show {row.lines.length} equal lines
                    </button>
                  </td>
                </tr>
              ),
            )}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function DiffRow({ line }: { line: DiffLine }) {
  return (
    <tr className={`job-diff-${line.kind}`}>
      <td>{line.left}</td>
      <td>{line.right}</td>
      <td>
        <span aria-hidden="true">{SIGNS[line.kind]}</span>
        {line.kind !== "same" && <span className="visually-hidden">{line.kind}</span>}
      </td>
      <td>{line.text}</td>
    </tr>
  );
}
