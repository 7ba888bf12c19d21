/** How a stretch of a line is drawn: class names of ours, never styles of the line's author. */
export interface StyledSpan {
  start: number;
  end: number;
  classes: string;
}

/** A line as it is shown: its visible text, and which parts of it are coloured. */
export interface ShownLine {
  text: string;
  spans: StyledSpan[];
}

interface Style {
  foreground: number | undefined;
  background: number | undefined;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  strike: boolean;
  inverse: boolean;
}

const PLAIN: Style = {
  foreground: undefined,
  background: undefined,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
};

// Control characters are what this file is about.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;
const ESC = "\u001b";

/**
 * Reads what a program wrote for a terminal. Colours (SGR) become classes; every other sequence (CSI, OSC with its titles, links and clipboard
 * writes, DCS, APC, PM) and every control character but the tab is left out. The server's search strips lines in the same way (AnsiText.cs), so a
 * place it names is a place in this text.
 */
export function readLine(raw: string): ShownLine {
  if (!CONTROL.test(raw)) return { text: raw, spans: [] };
  let text = "";
  let style = PLAIN;
  let spanStart = 0;
  const spans: StyledSpan[] = [];
  const close = () => {
    const classes = classesOf(style);
    if (classes && text.length > spanStart) spans.push({ start: spanStart, end: text.length, classes });
    spanStart = text.length;
  };

  for (let i = 0; i < raw.length; ) {
    const c = raw[i] as string;
    if ((c >= " " && c !== "\u007f") || c === "\t") {
      text += c;
      i++;
    } else if (c === ESC) {
      const end = endOfSequence(raw, i);
      if (raw[i + 1] === "[" && raw[end - 1] === "m" && end - 1 > i + 1) {
        const parameters = raw.slice(i + 2, end - 1);
        if (/^[\d;:]*$/.test(parameters)) {
          close();
          style = applySgr(style, parameters);
        }
      }
      i = end;
    } else {
      if (c === "\r" && i < raw.length - 1) text += " ";
      i++;
    }
  }

  close();
  return { text, spans };
}

function endOfSequence(raw: string, escape: number): number {
  let i = escape + 1;
  const kind = raw[i];
  if (kind === undefined) return i;
  if (kind === "[") {
    i++;
    while (i < raw.length && inRange(raw, i, " ", "?")) i++;
    return i < raw.length && inRange(raw, i, "@", "~") ? i + 1 : i;
  }
  if (kind === "]" || kind === "P" || kind === "X" || kind === "^" || kind === "_") {
    for (i++; i < raw.length; i++) {
      if (raw[i] === "\u0007") return i + 1;
      if (raw[i] === ESC && raw[i + 1] === "\\") return i + 2;
    }
    return i;
  }
  while (i < raw.length && inRange(raw, i, " ", "/")) i++;
  return i < raw.length && inRange(raw, i, "0", "~") ? i + 1 : i;
}

function inRange(text: string, at: number, least: string, most: string): boolean {
  const c = text[at] as string;
  return c >= least && c <= most;
}

function applySgr(before: Style, parameters: string): Style {
  let style = before;
  // 38:2::r:g:b and 38;2;r;g;b say the same; the former keeps its parts together.
  const groups = (parameters === "" ? "0" : parameters).split(";").map((group) => group.split(":").map((n) => (n === "" ? 0 : Number(n))));
  for (let g = 0; g < groups.length; g++) {
    const group = groups[g] as number[];
    const code = group[0] as number;
    if (code === 38 || code === 48) {
      const own = group.length > 1;
      const rest = own ? group.slice(1) : groups.slice(g + 1).map((next) => next[0] as number);
      const [colour, used] = readColour(rest, own);
      if (!own) g += used;
      if (colour !== undefined) style = code === 38 ? { ...style, foreground: colour } : { ...style, background: colour };
    } else {
      style = applyCode(style, code);
    }
  }
  return style;
}

function applyCode(style: Style, code: number): Style {
  switch (code) {
    case 0:
      return PLAIN;
    case 1:
      return { ...style, bold: true };
    case 2:
      return { ...style, dim: true };
    case 3:
      return { ...style, italic: true };
    case 4:
    case 21:
      return { ...style, underline: true };
    case 7:
      return { ...style, inverse: true };
    case 9:
      return { ...style, strike: true };
    case 22:
      return { ...style, bold: false, dim: false };
    case 23:
      return { ...style, italic: false };
    case 24:
      return { ...style, underline: false };
    case 27:
      return { ...style, inverse: false };
    case 29:
      return { ...style, strike: false };
    case 39:
      return { ...style, foreground: undefined };
    case 49:
      return { ...style, background: undefined };
  }
  if (code >= 30 && code <= 37) return { ...style, foreground: code - 30 };
  if (code >= 90 && code <= 97) return { ...style, foreground: code - 82 };
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 };
  if (code >= 100 && code <= 107) return { ...style, background: code - 92 };
  return style;
}

/** `5;n` or `2;r;g;b` as the nearest of our sixteen colours, whose contrast is known in both themes. */
function readColour(parts: number[], withSpace: boolean): [number | undefined, number] {
  if (parts[0] === 5) return [parts[1] === undefined ? undefined : ofPalette(parts[1]), 2];
  if (parts[0] === 2) {
    const rgb = withSpace && parts.length > 4 ? parts.slice(2, 5) : parts.slice(1, 4);
    return [rgb.length < 3 ? undefined : nearest(rgb[0] as number, rgb[1] as number, rgb[2] as number), 4];
  }
  return [undefined, parts.length];
}

function ofPalette(n: number): number | undefined {
  if (n < 16) return n;
  if (n >= 232 && n <= 255) {
    const grey = (n - 232) * 10 + 8;
    return nearest(grey, grey, grey);
  }
  if (n > 255) return undefined;
  const level = (v: number) => (v === 0 ? 0 : 55 + v * 40);
  const c = n - 16;
  return nearest(level(Math.floor(c / 36)), level(Math.floor(c / 6) % 6), level(c % 6));
}

function nearest(r: number, g: number, b: number): number {
  const most = Math.max(r, g, b);
  const least = Math.min(r, g, b);
  if (most - least < 40) return most < 64 ? 0 : most < 150 ? 8 : most < 220 ? 7 : 15;
  const middle = (most + least) / 2;
  const hue = (r > middle ? 1 : 0) + (g > middle ? 2 : 0) + (b > middle ? 4 : 0);
  return hue + (most > 200 ? 8 : 0);
}

function classesOf(style: Style): string {
  if (style === PLAIN) return "";
  const names: string[] = [];
  const [foreground, background] = style.inverse
    ? [style.background ?? -1, style.foreground ?? 7]
    : [style.foreground, style.background];
  if (foreground !== undefined) names.push(foreground < 0 ? "ansi-inverse" : `ansi-${foreground}`);
  if (background !== undefined) names.push(`ansi-bg-${background}`);
  if (style.bold) names.push("ansi-bold");
  if (style.dim) names.push("ansi-dim");
  if (style.italic) names.push("ansi-italic");
  if (style.underline) names.push("ansi-underline");
  if (style.strike) names.push("ansi-strike");
  return names.join(" ");
}
