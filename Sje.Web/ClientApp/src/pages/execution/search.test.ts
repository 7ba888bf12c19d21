import { describe, expect, it } from "vitest";
import { readSearch } from "./search";

describe("the address of an execution's page", () => {
  it("names tab, task, attempt and line", () =>
    expect(readSearch({ tab: "graph", task: "load", attempt: "2", line: "734218", queueing: "1" })).toEqual({
      tab: "graph",
      task: "load",
      attempt: 2,
      line: 734218,
      find: undefined,
      only: undefined,
      queueing: true,
    }));
  it("falls back where it makes no sense", () => {
    const search = readSearch({ tab: "nothing", task: "", attempt: "0", line: "-4" });
    expect(search).toMatchObject({ tab: "overview", task: undefined, attempt: undefined, line: undefined });
    expect(readSearch({ attempt: "1e9", line: "2.5" })).toMatchObject({ attempt: undefined, line: undefined });
  });
});
