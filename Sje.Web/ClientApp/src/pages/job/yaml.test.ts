import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { toYaml } from "./yaml";

// As the database gives it: keys by length, then by letter.
const stored = {
  name: "orders",
  tags: ["daily", "orders"],
  retry: { maxAttempts: 3 },
  tasks: [
    { name: "read", type: "pipeline", pipeline: { nodes: [{ id: "in", type: "source.csv", params: { path: "data/a.csv" } }] } },
    { name: "load", type: "process", process: { command: `for i in 1 2; do echo "$i: {{ parameters.day }}"; done` }, dependsOn: ["read"] },
  ],
  schedule: { cron: "0 2 * * *", timeZone: "Europe/Berlin" },
  parameters: { day: { type: "date", required: true } },
  description: "Orders",
};

describe("a job as YAML", () => {
  it("reads as a person would have written it", async () =>
    expect(await toYaml(stored)).toBe(`name: orders
description: Orders
parameters:
  day: {type: date, required: true}
retry: {maxAttempts: 3}
tasks:
  - name: read
    type: pipeline
    pipeline:
      nodes:
        - id: in
          type: source.csv
          params: {path: data/a.csv}
  - name: load
    dependsOn: [read]
    type: process
    process:
      command: 'for i in 1 2; do echo "$i: {{ parameters.day }}"; done'
schedule: {cron: 0 2 * * *, timeZone: Europe/Berlin}
tags: [daily, orders]
`));

  it("is the same job", async () => expect(parse(await toYaml(stored))).toEqual(stored));

  it("keeps what it does not know, and texts that look like something else", async () => {
    const odd = {
      name: "x",
      zzz: { b: [{ c: null }] },
      type: "noop",
      parameters: { a: { type: "string", default: "true" }, b: { type: "string", default: "1.0" } },
    };
    expect(parse(await toYaml(odd))).toEqual(odd);
  });
});
