import { lazy, Suspense } from "react";
import { loaded } from "../base/load";
import { Skeleton } from "./placeholders";

export interface CodeProblem {
  /** Counted from 1. */
  line: number;
  message: string;
  tone?: "error" | "warning";
}

export interface CodeViewProps {
  value: string;
  /** Without it the text can be read and copied only. */
  onChange?(value: string): void;
  language?: "yaml" | "json" | "text";
  label: string;
  problems?: readonly CodeProblem[];
  /** Scrolls there when it changes. */
  line?: number;
  /** CSS height; default grows with the text up to 60 vh. */
  height?: string;
}

const CodeEditor = lazy(() => loaded(() => import("./CodeEditor")));

/** Text with line numbers and colours; the editor itself is loaded when it is first needed. */
export function CodeView(props: CodeViewProps) {
  return (
    <Suspense fallback={<Skeleton lines={8} />}>
      <CodeEditor {...props} />
    </Suspense>
  );
}
