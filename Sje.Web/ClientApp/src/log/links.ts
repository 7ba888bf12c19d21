/** A part of a text that leads somewhere. */
export interface LinkRange {
  start: number;
  end: number;
  href: string;
}

// No address holds a control character, nor one that turns the direction of text.
// oxlint-disable-next-line no-control-regex
const CANDIDATE = /\bhttps?:\/\/[^\s<>"'`\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+/gi;
const LONGEST = 2048;

/** The addresses in a text: http and https only, and only such as the browser itself reads as one. */
export function findLinks(text: string): LinkRange[] {
  if (!text.includes("://")) return [];
  const found: LinkRange[] = [];
  for (const match of text.matchAll(CANDIDATE)) {
    const candidate = withoutTail(match[0]);
    if (candidate.length > LONGEST) continue;
    const href = safeAddress(candidate);
    if (href) found.push({ start: match.index, end: match.index + candidate.length, href });
  }
  return found;
}

function safeAddress(text: string): string | undefined {
  try {
    const url = new URL(text);
    // user:password@host hides where an address leads.
    return (url.protocol === "http:" || url.protocol === "https:") && url.hostname && !url.username && !url.password ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** What ends a sentence or closes a bracket that was opened before the address is no part of it. */
function withoutTail(text: string): string {
  let end = text.length;
  while (end > 0) {
    const last = text[end - 1] as string;
    if (".,;:!?".includes(last)) end--;
    else if (")]}".includes(last) && !balanced(text.slice(0, end), last)) end--;
    else break;
  }
  return text.slice(0, end);
}

function balanced(text: string, closing: string): boolean {
  const opening = closing === ")" ? "(" : closing === "]" ? "[" : "{";
  let open = 0;
  for (const c of text) open += c === opening ? 1 : c === closing ? -1 : 0;
  return open >= 0;
}
