import { describe, expect, it } from "vitest";
import { ServerSentParser } from "./parser";

const TEXT = ": watching\n\nid: 7\nevent: execution.started\ndata: {\"a\":1}\n\n: still here\n\nid: 8\r\nevent: x\r\ndata: one\r\ndata:two\r\n\r\nid: 9\n\n";
const EVENTS = [
  { id: "7", event: "execution.started", data: '{"a":1}' },
  { id: "8", event: "x", data: "one\ntwo" },
];

describe("a stream of events", () => {
  it("is read whole", () => expect(new ServerSentParser().push(TEXT)).toEqual(EVENTS));

  it("is read the same however it is cut", () => {
    for (let size = 1; size < 40; size++) {
      const parser = new ServerSentParser();
      const found = [];
      for (let at = 0; at < TEXT.length; at += size) found.push(...parser.push(TEXT.slice(at, at + size)));
      expect(found, `cut every ${size}`).toEqual(EVENTS);
    }
  });

  it("is not told of an event whose end has not come", () => expect(new ServerSentParser().push("id: 1\ndata: half\n")).toEqual([]));
});
