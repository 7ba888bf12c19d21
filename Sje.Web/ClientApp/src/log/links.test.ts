import { expect, it } from "vitest";
import { findLinks } from "./links";

const found = (text: string) => findLinks(text).map((link) => text.slice(link.start, link.end));

it("finds addresses and leaves out what only stands beside them", () => {
  expect(found("see http://127.0.0.1:4040/jobs/?id=3.")).toEqual(["http://127.0.0.1:4040/jobs/?id=3"]);
  expect(found("(https://a.example/x_(y)) and https://b.example, then")).toEqual(["https://a.example/x_(y)", "https://b.example"]);
  expect(found('"https://a.example/"<https://b.example>')).toEqual(["https://a.example/", "https://b.example"]);
});

it("makes nothing else a link", () => {
  for (const text of [
    "javascript:alert(1)",
    "javascript://https://x/%0aalert(1)",
    "data:text/html,<b>",
    "file:///etc/passwd",
    "ftp://a.example",
    "http://",
    "https://user:secret@a.example",
    "xhttp://a.example",
    "http:/a.example",
  ]) {
    for (const link of findLinks(text)) expect(link.href).toMatch(/^https?:\/\/[^@]+$/);
  }
  expect(found("javascript:alert(1)")).toEqual([]);
  expect(found("https://user:secret@a.example")).toEqual([]);
});

it("stops at characters that turn a line round", () => {
  expect(found("https://a.example/\u202eexe.fdp")).toEqual(["https://a.example/"]);
});
