import { useQuery } from "@tanstack/react-query";
import type { Job } from "../../api/jobs";
import { toYaml } from "./yaml";

/** A job's definition as text; a version never changes, so each is written once. */
export function useYaml(job: Job | undefined): string | undefined {
  const text = useQuery({
    queryKey: ["jobs", "yaml", job?.name, job?.version, job?.createdAt],
    queryFn: () => toYaml((job as Job).job),
    enabled: job !== undefined,
    staleTime: Infinity,
  });
  return text.data;
}
