import { describe, expect, it } from "vitest";
import { parseSearch, writeSearch } from "../../base/url";
import { readFilter, showsAll, toggled, writeFilter } from "./filters";
import { parseSaved, withSaved } from "./savedFilters";

describe("the filter of an address", () => {
  it("comes back as it was written", () => {
    const text = "?state=retrying,failed&job=late departures&queue=etl&q=a%26b&since=2026-11-26T10:00:00Z";
    const filter = readFilter(parseSearch(text));
    expect(filter.states).toEqual(["retrying", "failed"]);
    expect(filter.text).toBe("a&b");
    expect(readFilter(parseSearch(writeSearch(writeFilter(filter))))).toEqual(filter);
  });

  it("leaves out what makes no sense", () => {
    const filter = readFilter(parseSearch("?state=broken,failed&q=%20%20&since=yesterday"));
    expect(filter.states).toEqual(["failed"]);
    expect(filter.text).toBeUndefined();
    expect(filter.since).toBeUndefined();
  });

  it("takes out of the address what is no longer set", () =>
    expect(writeFilter({ states: [], text: "x" })).toEqual({
      state: undefined,
      job: undefined,
      queue: undefined,
      schedule: undefined,
      tag: undefined,
      q: "x",
      since: undefined,
      until: undefined,
    }));

  it("knows when it leaves nothing out", () => {
    expect(showsAll(readFilter({}))).toBe(true);
    expect(showsAll(readFilter({ sort: "duration" }))).toBe(true);
    expect(showsAll(readFilter({ state: "failed" }))).toBe(false);
  });
});

it("switches a state on and off, in the order of the list", () => {
  expect(toggled(["failed"], "queued")).toEqual(["queued", "failed"]);
  expect(toggled(["queued", "failed"], "queued")).toEqual(["failed"]);
});

describe("saved filters", () => {
  const one = { name: "mine", values: { state: "failed" } };
  it("are read as they were kept", () => expect(parseSaved(JSON.stringify([one]))).toEqual([one]));
  it("pass over what is broken", () => {
    expect(parseSaved("{")).toEqual([]);
    expect(parseSaved('{"name": 1}')).toEqual([]);
    expect(parseSaved(JSON.stringify([{ name: "", values: {} }, { name: "x", values: { a: 1 } }, one]))).toEqual([one]);
  });
  it("replace one of the same name", () =>
    expect(withSaved([one, { name: "other", values: {} }], { name: "mine", values: { q: "x" } })).toEqual([
      { name: "mine", values: { q: "x" } },
      { name: "other", values: {} },
    ]));
});
