import { expect, it } from "vitest";
import { endOf, errorLine, tailOf, tellingTail } from "./failure";

it("says a failure in one line", () => {
  expect(errorLine({ class: "exit", message: "  No such table: flights\n  at line 3", exitCode: 1 })).toBe(
    "No such table: flights",
  );
  expect(errorLine({ class: "killed", message: "", signal: "SIGKILL", exitCode: 137 })).toBe("signal SIGKILL");
  expect(errorLine({ class: "out_of_memory" })).toBe("out of memory");
  expect(errorLine(null)).toBeUndefined();
});

it("knows how a process ended", () => {
  expect(endOf({ exitCode: 0 })).toBe("exit 0");
  expect(endOf({})).toBeUndefined();
});

it("reads the end of the log as text or as lines", () => {
  expect(tailOf({ logTail: ["a", "b"] })).toBe("a\nb");
  expect(tailOf({ logTail: " \n" })).toBeUndefined();
  expect(tailOf(undefined)).toBeUndefined();
});

it("takes from the end of the log what speaks of the error", () => {
  expect(tellingTail({ logTail: "reading\nERROR no table\n  at line 3\nINFO going on" })).toBe("ERROR no table\n  at line 3");
  expect(tellingTail({ logTail: "all is well" })).toBeUndefined();
});
