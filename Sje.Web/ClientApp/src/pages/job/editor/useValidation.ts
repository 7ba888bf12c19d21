import { useEffect, useState } from "react";
import { ApiError, messageOf } from "../../../api/client";
import { validateJob } from "../../../api/jobs";
import { faultsAt, mediaTypeOf, type TextFault } from "../faults";

/** What the server says of a text. */
export interface Validation {
  /** `checking` until the answer for the text of now is there; `unknown` where there is no answer to be had. */
  state: "checking" | "valid" | "wrong" | "unknown";
  /** Of the last answer, also while the next one is under way. */
  faults: readonly TextFault[];
  /** The job in canonical form, where the text is right. */
  job: Record<string, unknown> | null;
  /** Why there is no answer. */
  message: string | null;
}

const DEBOUNCE_MS = 300;
const AGAIN_MS = 5000;
const NOTHING: readonly TextFault[] = [];

/** Lets the server check a text while it is typed: after a pause, and only the newest answer counts. */
export function useValidation(text: string, enabled: boolean): Validation {
  const [answer, setAnswer] = useState<{ text: string; said: Validation } | null>(null);

  useEffect(() => {
    if (!enabled) return;
    const stop = new AbortController();
    const say = (said: Validation) => {
      if (!stop.signal.aborted) setAnswer({ text, said });
    };
    const check = async () => {
      try {
        const { job } = await validateJob(text, mediaTypeOf(text), stop.signal);
        say({ state: "valid", faults: NOTHING, job, message: null });
      } catch (error) {
        const said = refused(error, text);
        say(said);
        // A server that is away comes back.
        if (said.state === "unknown" && !stop.signal.aborted) timer = setTimeout(() => void check(), AGAIN_MS);
      }
    };
    let timer = setTimeout(() => void check(), DEBOUNCE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text, enabled]);

  return answer === null
    ? { state: "checking", faults: NOTHING, job: null, message: null }
    : answer.text === text
      ? answer.said
      : { state: "checking", faults: answer.said.faults, job: null, message: null };
}

/** The faults that a refusal names; of an answer that names none, the answer itself. */
export function refused(error: unknown, text: string): Validation {
  if (error instanceof ApiError && (error.status === 400 || error.status === 413 || error.status === 422)) {
    const errors = error.problem.errors ?? [];
    const lines = text.split("\n").length;
    const faults = errors.length > 0 ? errors : [{ detail: messageOf(error), code: error.problem.type }];
    return {
      state: "wrong",
      faults: faultsAt(
        faults.map((fault) => ({ ...fault, code: fault.code ?? "" })),
        lines,
      ),
      job: null,
      message: null,
    };
  }
  return { state: "unknown", faults: NOTHING, job: null, message: messageOf(error) };
}
