import { describe, expect, it } from "vitest";
import { faultsAt, hasComments, isForeign, mediaTypeOf, placeOf } from "./faults";

describe("the faults of a text", () => {
  it("stand at their lines, in order, within the text", () =>
    expect(
      faultsAt(
        [
          { pointer: "/priority", detail: "b", code: "x", line: 4 },
          { pointer: "/tasks/0", detail: "c", code: "x", line: 99 },
          { detail: "a", code: "x" },
        ],
        5,
      ).map((fault) => [fault.line, fault.where, fault.detail]),
    ).toEqual([
      [1, "", "a"],
      [4, "priority", "b"],
      [5, "tasks[0]", "c"],
    ]));

  it("name their places as people do", () => {
    expect(placeOf("/pipeline/nodes/12/params/a~1b~0")).toBe("pipeline.nodes[12].params.a/b~");
    expect(placeOf("")).toBe("");
  });
});

describe("a text", () => {
  it("is JSON when it begins so", () => {
    expect(mediaTypeOf('\n {"name": "x"}')).toBe("application/json");
    expect(mediaTypeOf("name: x")).toBe("application/yaml");
    expect(mediaTypeOf("")).toBe("application/yaml");
  });

  it("has comments or only signs that look like them", () => {
    expect(hasComments("name: x # mine")).toBe(true);
    expect(hasComments("a: 1\n# mine\nb: 2")).toBe(true);
    expect(hasComments('command: "echo # no comment"')).toBe(false);
    expect(hasComments("url: http://x/#part")).toBe(false);
    expect(hasComments('{"a": "# b"}')).toBe(false);
  });

  it("of another system is known by its keys", () => {
    expect(isForeign("pipeline:\n  sources:\n    - {type: file}\n  sinks: []")).toBe(true);
    expect(isForeign("job_name: x")).toBe(true);
    expect(isForeign("jobId: a\nsparkAppPath: b")).toBe(true);
    expect(isForeign('{"name": "x"}')).toBe(true);
    expect(isForeign("name: x\ntype: pipeline\npipeline:\n  nodes: []")).toBe(false);
  });
});
