/** Red, green, blue from 0 to 1, as they stand in a style sheet (gamma-encoded sRGB). */
export type Rgb = readonly [number, number, number];

export type Vision = "normal" | "protan" | "deutan" | "tritan";

/** `#rrggbb` as numbers. */
export function parse(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}

function linear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function encoded(value: number): number {
  const clipped = Math.min(1, Math.max(0, value));
  return clipped <= 0.0031308 ? clipped * 12.92 : 1.055 * clipped ** (1 / 2.4) - 0.055;
}

function times(matrix: readonly (readonly number[])[], [r, g, b]: readonly [number, number, number]): [number, number, number] {
  const row = (i: number) => {
    const [x = 0, y = 0, z = 0] = matrix[i] ?? [];
    return x * r + y * g + z * b;
  };
  return [row(0), row(1), row(2)];
}

// Machado, Oliveira, Fernandes 2009, "A Physiologically-based Model for Simulation of Color Vision Deficiency", severity 1.0; on linear light.
const MACHADO: Record<Exclude<Vision, "normal">, readonly (readonly number[])[]> = {
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** How somebody with that vision sees a colour. */
export function simulate(colour: Rgb, vision: Vision): Rgb {
  if (vision === "normal") return colour;
  const [r, g, b] = times(MACHADO[vision], [linear(colour[0]), linear(colour[1]), linear(colour[2])]);
  return [encoded(r), encoded(g), encoded(b)];
}

/** OKLab (Ottosson 2020). */
function oklab(colour: Rgb): [number, number, number] {
  const cone = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    [linear(colour[0]), linear(colour[1]), linear(colour[2])],
  );
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    [Math.cbrt(cone[0]), Math.cbrt(cone[1]), Math.cbrt(cone[2])],
  );
}

/** How far apart two colours look: the distance in OKLab, times 100. */
export function distance(a: Rgb, b: Rgb): number {
  const [x, y] = [oklab(a), oklab(b)];
  return 100 * Math.hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]);
}

/** The contrast of WCAG 2: 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const light = (colour: Rgb) => 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
  const [x, y] = [light(a), light(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}
