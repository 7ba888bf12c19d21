import { expect, expectTypeOf, it } from "vitest";
import type { AttemptItem } from "./attempts";
import type { EventItem, ExecutionDetail, ExecutionItem, ExecutionPage, TaskItem } from "./executions";
import type * as schema from "./schema";
import type { ExecutionSeries } from "./series";

// Checked by the compiler: what the server's document says must fit what these pages read.
it("has the shapes of the server's document", () => {
  expectTypeOf<schema.ExecutionItem>().toExtend<Omit<ExecutionItem, "state">>();
  expectTypeOf<schema.ExecutionItem["state"]>().toExtend<ExecutionItem["state"]>();
  expectTypeOf<schema.ExecutionDetail["taskCounts"]>().toExtend<ExecutionDetail["taskCounts"]>();
  expectTypeOf<Omit<schema.TaskItem, "error" | "metrics" | "outputs">>().toExtend<Omit<TaskItem, "error" | "metrics" | "outputs">>();
  expectTypeOf<Omit<schema.AttemptDetail, "error">>().toExtend<Omit<AttemptItem, "error">>();
  expectTypeOf<Omit<schema.EventItem, "data">>().toExtend<Omit<EventItem, "data">>();
  expectTypeOf<schema.ExecutionPage["counts"]>().toExtend<ExecutionPage["counts"]>();
  expectTypeOf<schema.ExecutionSeries>().toExtend<ExecutionSeries>();
  expect(true).toBe(true);
});
