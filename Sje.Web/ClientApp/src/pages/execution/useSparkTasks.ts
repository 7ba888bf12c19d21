import { useQuery } from "@tanstack/react-query";
import { get, type Page } from "../../api/client";
import { executionKeys, type TaskItem } from "../../api/executions";

/** Figures of a Spark run; what is zero or unknown is left out. */
export interface SparkFacts {
  durationMs?: number;
  totals?: Record<string, number>;
  stages?: SparkStage[];
  stagesLeftOut?: number;
  executors?: { id: string; host?: string; cores?: number; memoryBytes?: number; peakHeapBytes?: number; tasks?: number }[];
}

export interface SparkQuantiles {
  min?: number;
  lowerQuartile?: number;
  median?: number;
  upperQuartile?: number;
  max?: number;
}

export interface SparkStage {
  id?: number;
  attempt?: number;
  name?: string;
  description?: string;
  state?: string;
  tasks?: number;
  failedTasks?: number;
  durationMs?: number;
  inputBytes?: number;
  shuffleReadBytes?: number;
  shuffleWriteBytes?: number;
  diskSpilledBytes?: number;
  runTimes?: SparkQuantiles;
  shuffleReads?: SparkQuantiles;
  inputs?: SparkQuantiles;
  failureReason?: string;
}

export interface SparkAdvice {
  kind: string;
  severity: "problem" | "warning" | "hint";
  text: string;
  stageId?: number;
  suggestion?: Record<string, string>;
}

/** A Spark task of an execution with its newest application. */
export interface SparkTask {
  taskId: string;
  task: string;
  state: string;
  application?: {
    attempt: number;
    cluster: string;
    deployMode: string;
    state: string;
    applicationId?: string | null;
    pendingCause?: string | null;
    trackingUrl?: string | null;
    ui: string;
  } | null;
  facts?: SparkFacts | null;
  advice?: SparkAdvice[] | null;
  cost?: Record<string, unknown> | null;
  comparison?: Record<string, number> | null;
}

/** The Spark tasks; nothing is asked for an execution without any. */
export function useSparkTasks(id: string, tasks: readonly TaskItem[]): readonly SparkTask[] {
  const has = tasks.some((task) => task.type === "spark");
  const found = useQuery({
    queryKey: executionKeys.spark(id),
    enabled: has,
    queryFn: ({ signal }) => get<Page<SparkTask>>(`/executions/${id}/spark`, { query: { limit: 1000 }, signal }),
  });
  return found.data?.items ?? none;
}

const none: readonly SparkTask[] = [];
