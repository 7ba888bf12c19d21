import { describe, expect, it } from "vitest";
import { contrast, distance, parse, simulate, type Rgb, type Vision } from "./colour";
import css from "./tokens.css?raw";

const STATES = ["queued", "running", "success", "failed", "retrying", "cancelled"] as const;
const VISIONS: Vision[] = ["normal", "protan", "deutan", "tritan"];
const FLOOR = 9;

function tokens(theme: string): Record<string, Rgb> {
  const block = new RegExp(`\\[data-theme="${theme}"\\] \\{([^}]*)\\}`).exec(css)?.[1] ?? "";
  return Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, parse(value as string)]));
}

function smallest(colours: Rgb[], vision: Vision): number {
  let least = Infinity;
  colours.forEach((a, i) => colours.slice(i + 1).forEach((b) => (least = Math.min(least, distance(simulate(a, vision), simulate(b, vision))))));
  return least;
}

describe.each(["light", "dark"])("the %s theme", (theme) => {
  const all = tokens(theme);
  const of = (name: string): Rgb => {
    const found = all[name];
    if (!found) throw new Error(`no --${name}`);
    return found;
  };
  const states = STATES.map((state) => of(`state-${state}`));

  it.each(VISIONS)("keeps every two state colours apart in %s vision", (vision) => {
    expect(smallest(states, vision)).toBeGreaterThanOrEqual(FLOOR);
  });

  it.each(STATES)("shows %s at 4.5:1 on every surface", (state) => {
    for (const surface of ["bg", "surface"]) expect(contrast(of(`state-${state}`), of(surface))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(["text", "muted", "accent"])("writes %s at 4.5:1 on every surface", (name) => {
    for (const surface of ["bg", "surface", "hover", "selected"]) expect(contrast(of(name), of(surface))).toBeGreaterThanOrEqual(4.5);
  });

  it("draws the edges of controls at 3:1, and text on the accent at 4.5:1", () => {
    for (const surface of ["bg", "surface"]) expect(contrast(of("control-line"), of(surface))).toBeGreaterThanOrEqual(3);
    expect(contrast(of("on-accent"), of("accent"))).toBeGreaterThanOrEqual(4.5);
  });
});

describe("the measure", () => {
  it("finds the usual palette to be too close", () => {
    const usual = ["#d92d20", "#b54708", "#1570ef", "#6941c6"].map(parse);
    expect(smallest(usual, "deutan")).toBeLessThan(FLOOR);
  });

  it("knows black from white", () => {
    expect(distance(parse("#000000"), parse("#ffffff"))).toBeCloseTo(100, 1);
    expect(contrast(parse("#000000"), parse("#ffffff"))).toBeCloseTo(21, 5);
    for (const vision of VISIONS) expect(simulate(parse("#808080"), vision).every((value) => Math.abs(value - 128 / 255) < 0.01)).toBe(true);
  });
});
