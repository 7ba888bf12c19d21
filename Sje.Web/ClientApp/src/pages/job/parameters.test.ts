import { describe, expect, it } from "vitest";
import { declarationsOf, errorsByField, readForm, textOf } from "./parameters";

const declared = declarationsOf({
  parameters: {
    note: { type: "string", default: "none" },
    limit: { type: "int", default: 60 },
    share: { type: "double" },
    force: { type: "boolean", default: false },
    day: { type: "date", required: true },
    at: { type: "timestamp" },
    more: { type: "json", default: { a: [1] } },
  },
});

describe("a form of parameters", () => {
  it("asks first for what must be given", () => {
    expect(declared[0]).toEqual({ name: "day", type: "date", default: undefined, required: true });
    expect(declared).toHaveLength(7);
    expect(declarationsOf({})).toEqual([]);
  });

  it("shows defaults as text", () =>
    expect(declared.map((one) => textOf(one.type, one.default))).toEqual(["", "none", "60", "", "false", "", '{\n  "a": [\n    1\n  ]\n}']));

  it("sends only what was given, as what it is", () => {
    const { values, errors } = readForm(declared, {
      day: "2024-02-29",
      limit: " 5 ",
      share: "2.5e3",
      force: "true",
      at: "2024-05-31T06:00:00Z",
      more: "[1, null]",
      note: "",
    });
    expect(errors).toEqual({});
    expect(values).toEqual({
      day: "2024-02-29",
      limit: 5,
      share: 2500,
      force: true,
      at: "2024-05-31T06:00:00Z",
      more: [1, null],
      note: "",
    });
    expect(readForm(declared, { day: "2024-01-01" }).values).toEqual({ day: "2024-01-01" });
  });

  it("keeps whole numbers of 64 bits whole", () =>
    expect(readForm(declared, { day: "2024-01-01", limit: "9223372036854775807" }).values["limit"]).toBe("9223372036854775807"));

  it("says at the field what is wrong", () => {
    const { errors } = readForm(declared, {
      limit: "5.5",
      share: "many",
      force: "yes",
      day: "2023-02-29",
      at: "today",
      more: "{",
    });
    expect(Object.keys(errors).sort()).toEqual(["at", "day", "force", "limit", "more", "share"]);
    expect(errors["day"]).toBe("Must be a date like 2024-05-31.");
    expect(readForm(declared, {}).errors).toEqual({ day: "A value must be given." });
  });

  it("puts what the server refused where it belongs", () =>
    expect(
      errorsByField(
        [
          { pointer: "/parameters/a~1b", detail: "First." },
          { pointer: "/parameters/a~1b", detail: "Second." },
          { pointer: "/parameters/gone", detail: "No such parameter." },
        ],
        ["a/b"],
      ),
    ).toEqual({ fields: { "a/b": "First. Second." }, rest: ["No such parameter."] }));
});
