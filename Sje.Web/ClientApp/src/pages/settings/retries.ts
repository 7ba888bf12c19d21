import type { RetryPolicyView } from "../../api/schema";
import { duration } from "../../base/format";

/** A length of time given in seconds: `1 s`, `2m 00s`. */
export function seconds(value: number): string {
  return duration(value * 1000).replace(/\.0 s$/, " s");
}

const JITTERS: Record<string, string> = {
  none: "",
  full: ", each a random part of that",
  equal: ", half of each at random",
  decorrelated: ", spread at random",
};

/** How a policy waits, with its first waits: `2 s, 4 s, … up to 2m 00s, each a random part of that`. */
export function backoffInWords(policy: Pick<RetryPolicyView, "backoff" | "initialDelaySeconds" | "maxDelaySeconds" | "factor" | "jitter" | "maxAttempts">): string {
  if (policy.maxAttempts <= 1) return "not tried again";
  const jitter = JITTERS[policy.jitter] ?? `, jitter ${policy.jitter}`;
  if (policy.backoff === "fixed") return `${seconds(policy.initialDelaySeconds)} each time${jitter}`;
  const waits = firstWaits(policy, Math.min(4, policy.maxAttempts - 1));
  const more = policy.maxAttempts - 1 > waits.length ? ` … up to ${seconds(policy.maxDelaySeconds)}` : "";
  return `${waits.map(seconds).join(", ")}${more}${jitter}`;
}

/** The waits before the first retries, without jitter. */
export function firstWaits(policy: Pick<RetryPolicyView, "backoff" | "initialDelaySeconds" | "maxDelaySeconds" | "factor">, count: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    const grown = policy.backoff === "exponential" ? policy.initialDelaySeconds * (policy.factor ?? 2) ** index : policy.initialDelaySeconds * (policy.backoff === "linear" ? index + 1 : 1);
    return Math.min(policy.maxDelaySeconds, grown);
  });
}
