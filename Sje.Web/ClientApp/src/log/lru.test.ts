import { expect, it } from "vitest";
import { LastUsed } from "./lru";

it("lets go of what was used least lately", () => {
  const kept = new LastUsed<number, string>(2);
  kept.set(1, "a");
  kept.set(2, "b");
  expect(kept.get(1)).toBe("a");
  kept.set(3, "c");
  expect([kept.peek(1), kept.peek(2), kept.peek(3)]).toEqual(["a", undefined, "c"]);
  expect(kept.size).toBe(2);
});

it("a look is no use, a new value is", () => {
  const kept = new LastUsed<number, string>(2);
  kept.set(1, "a");
  kept.set(2, "b");
  kept.peek(1);
  kept.set(1, "A");
  kept.set(3, "c");
  expect([kept.peek(1), kept.peek(2), kept.peek(3)]).toEqual(["A", undefined, "c"]);
  kept.delete(1);
  kept.clear();
  expect(kept.size).toBe(0);
});
