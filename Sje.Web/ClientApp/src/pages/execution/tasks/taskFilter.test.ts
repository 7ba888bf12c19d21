import { expect, it } from "vitest";
import { task } from "../testing";
import { countGroups, filterTasks } from "./taskFilter";

const tasks = [task("Load", { state: "failed" }), task("reload", { state: "timed_out" }), task("merge", { state: "blocked" })];

it("counts states together that mean the same to a person", () =>
  expect(countGroups(tasks)).toEqual([
    { id: "failed", word: "Failed", count: 2 },
    { id: "waiting", word: "Waiting", count: 1 },
  ]));

it("finds by name and by group", () => {
  expect(filterTasks(tasks, "LOAD", undefined).map((one) => one.name)).toEqual(["Load", "reload"]);
  expect(filterTasks(tasks, "re", "failed").map((one) => one.name)).toEqual(["reload"]);
  expect(filterTasks(tasks, undefined, "unknown")).toBe(tasks);
});
