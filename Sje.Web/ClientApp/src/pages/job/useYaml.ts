import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Job } from "../../api/jobs";
import { toYaml } from "./yaml";

/** A version of a job as text. */
export interface JobText {
  text: string;
  version: number;
}

/**
 * A job's definition as text; a version never changes, so each is written once.
 * @param keep goes on with the text of the version before until that of a new one is there
 */
export function useYaml(job: Job | undefined, keep = false): JobText | undefined {
  const written = useQuery({
    queryKey: ["jobs", "yaml", job?.name, job?.version, job?.createdAt],
    queryFn: async (): Promise<JobText> => ({ text: await toYaml((job as Job).job), version: (job as Job).version }),
    enabled: job !== undefined,
    placeholderData: keep ? keepPreviousData : undefined,
    staleTime: Infinity,
  });
  return written.data;
}
