import type { RetryPolicyView } from "../../api/schema";
import { duration } from "../../base/format";

/** A length of time given in seconds: `1 s`, `2m 00s`. */
export function seconds(value: number): string {
  return duration(value * 1000).replace(/\.0 s$/, " s");
}

const JITTERS = { none: "", full: ", each a random part of that" };

/** How a policy waits, with its first waits: `2 s, 4 s, … up to 2m 00s, each a random part of that`. */
export function backoffInWords(policy: Pick<RetryPolicyView, "backoff" | "initialDelaySeconds" | "maxDelaySeconds" | "factor" | "jitter" | "maxAttempts">): string {
  if (policy.maxAttempts <= 1) return "not tried again";
  const jitter = JITTERS[policy.jitter];
  if (policy.backoff === "fixed") return `${seconds(policy.initialDelaySeconds)} each time${jitter}`;
  const waits = firstWaits(policy, Math.min(4, policy.maxAttempts - 1));
  const more = policy.maxAttempts - 1 > waits.length ? ` … up to ${seconds(policy.maxDelaySeconds)}` : "";
  return `${waits.map(seconds).join(", ")}${more}${jitter}`;
}

/** The waits before the first retries, without jitter. */
export function firstWaits(policy: Pick<RetryPolicyView, "backoff" | "initialDelaySeconds" | "maxDelaySeconds" | "factor">, count: number): number[] {
  const unit = policy.initialDelaySeconds;
  const waits: number[] = [];
  let [one, two] = [1, 1];
  for (let index = 0; index < count; index++) {
    const grown = { fixed: unit, linear: unit * (index + 1), exponential: unit * (policy.factor ?? 2) ** index, fibonacci: unit * one }[policy.backoff];
    [one, two] = [two, one + two];
    waits.push(Math.min(policy.maxDelaySeconds, grown));
  }
  return waits;
}
