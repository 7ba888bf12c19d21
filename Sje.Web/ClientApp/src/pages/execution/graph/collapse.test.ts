import { describe, expect, it } from "vitest";
import { task } from "../testing";
import { depthsOf, graphOf, stemOf } from "./collapse";

const fan = (width: number) => [
  task("split"),
  ...Array.from({ length: width }, (_, i) => task(`part[${i}]`, { dependsOn: ["split"] })),
  task("merge", { dependsOn: Array.from({ length: width }, (_, i) => `part[${i}]`) }),
];

describe("the graph", () => {
  it("has a box for each task while they are few", () => {
    const graph = graphOf(fan(3), undefined, new Set());
    expect(graph.kind).toBe("tasks");
    expect(graph.boxes.map((box) => box.key)).toEqual(["split", "part[0]", "part[1]", "part[2]", "merge"]);
    expect(graph.boxes[4]?.after).toEqual(["part[0]", "part[1]", "part[2]"]);
  });

  it("puts like tasks together when they are many", () => {
    const graph = graphOf(fan(2000), undefined, new Set());
    expect(graph.kind).toBe("groups");
    expect(graph.boxes.map((box) => [box.label, box.tasks.length])).toEqual([
      ["split", 1],
      ["part ×2000", 2000],
      ["merge", 1],
    ]);
    expect(graph.boxes[2]?.after).toEqual([graph.boxes[1]?.key]);
  });

  it("opens a group that was asked for", () => {
    const group = graphOf(fan(600), undefined, new Set()).boxes[1];
    const graph = graphOf(fan(600), undefined, new Set([group?.key ?? ""]), 650);
    expect(graph.boxes.length).toBe(602);
  });

  it("never puts together what depends on each other", () => {
    const chain = Array.from({ length: 800 }, (_, i) => task(`step${i}`, { dependsOn: i > 0 ? [`step${i - 1}`] : [] }));
    const graph = graphOf(chain, "step400", new Set());
    expect(graph.kind).toBe("around");
    expect(graph.boxes).toHaveLength(500);
    expect(graph.left).toBe(300);
    expect(graph.boxes.some((box) => box.key === "step400")).toBe(true);
    expect(graph.boxes.some((box) => box.key === "step0")).toBe(false);
  });

  it("leaves out edges from tasks that are not there", () =>
    expect(graphOf([task("a", { dependsOn: ["gone"] })], undefined, new Set()).boxes[0]?.after).toEqual([]));
});

it("counts depths along the longest way", () => {
  const depths = depthsOf([
    task("d", { dependsOn: ["a", "c"] }),
    task("a"),
    task("b", { dependsOn: ["a"] }),
    task("c", { dependsOn: ["b"] }),
  ]);
  expect(Object.fromEntries(depths)).toEqual({ a: 0, b: 1, c: 2, d: 3 });
});

it("takes the number off a name", () => {
  expect(["part[17]", "load-003", "day 2026-11-26", "x(4)", "42", "plain"].map(stemOf)).toEqual([
    "part",
    "load",
    "day 2026-11",
    "x",
    "42",
    "plain",
  ]);
});
