/** A fault that the server found in a job, as its answer says it. */
export interface ServerFault {
  pointer?: string | null;
  detail: string;
  code: string;
  line?: number | null;
}

/** A fault at a line of the text, from 1. */
export interface TextFault {
  line: number;
  where: string;
  detail: string;
  code: string;
}

/**
 * The faults of a text in its order. A fault without a line belongs to the text as a whole and stands at its first; one beyond the
 * end, of a text that has been shortened since, at its last.
 */
export function faultsAt(errors: readonly ServerFault[], lineCount: number): TextFault[] {
  return errors
    .map(({ pointer, detail, code, line }) => ({
      line: Math.min(Math.max(line ?? 1, 1), Math.max(lineCount, 1)),
      where: placeOf(pointer ?? ""),
      detail,
      code,
    }))
    .sort((a, b) => a.line - b.line);
}

/** `/tasks/0/retry/max~1min` as people write it: `tasks[0].retry.max/min`. */
export function placeOf(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((place, part) => (/^\d+$/.test(part) ? `${place}[${part}]` : place === "" ? part : `${place}.${part}`), "");
}

/** JSON when its first character says so, else YAML: the rule by which the server reads files. */
export function mediaTypeOf(text: string): "application/json" | "application/yaml" {
  return /^[\s\uFEFF]*[{[]/.test(text) ? "application/json" : "application/yaml";
}

/** Whether a YAML text has comments: the server keeps jobs in canonical form, which has none. */
export function hasComments(text: string): boolean {
  return mediaTypeOf(text) === "application/yaml" && /^(?:[^"'\n]|"[^"\n]*"|'[^'\n]*')*?(?:^|\s)#/m.test(text);
}

/** Whether a text is written as JSON or in another system's form: then the server's own form of it is worth offering. */
export function isForeign(text: string): boolean {
  return (
    mediaTypeOf(text) === "application/json" ||
    /^(job_name|sparkAppPath)\s*:/m.test(text) ||
    (/^pipeline\s*:/m.test(text) && /^\s+(sources|sinks)\s*:/m.test(text))
  );
}
