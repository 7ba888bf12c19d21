/** A line of a comparison; `left` and `right` are its numbers in the two texts, from 1. */
export interface DiffLine {
  kind: "same" | "added" | "removed";
  text: string;
  left: number | null;
  right: number | null;
}

/** A run of equal lines that is not shown until asked for. */
export interface DiffGap {
  kind: "gap";
  lines: DiffLine[];
}

export interface DiffCounts {
  added: number;
  removed: number;
}

// Where two texts have less in common than this, reading their differences line by line helps nobody, and the search is quadratic.
const MOST_EDITS = 1500;

/** The lines of two texts, the shortest way from one to the other (Myers 1986). */
export function diffLines(left: string, right: string): DiffLine[] {
  const a = linesOf(left);
  const b = linesOf(right);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) {
    head++;
  }
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) {
    tail++;
  }
  const middle = shortestEdit(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  const kinds: DiffLine["kind"][] = [...Array<DiffLine["kind"]>(head).fill("same"), ...middle, ...Array<DiffLine["kind"]>(tail).fill("same")];
  let x = 0;
  let y = 0;
  return kinds.map((kind) => {
    const text = (kind === "added" ? b[y] : a[x]) ?? "";
    return {
      kind,
      text,
      left: kind === "added" ? null : ++x,
      right: kind === "removed" ? null : ++y,
    };
  });
}

/** Folds equal lines that are further than `context` from a change. */
export function foldLines(lines: DiffLine[], context = 3): (DiffLine | DiffGap)[] {
  const near = lines.map(() => false);
  lines.forEach((line, at) => {
    if (line.kind !== "same") {
      near.fill(true, Math.max(0, at - context), at + context + 1);
    }
  });
  const folded: (DiffLine | DiffGap)[] = [];
  for (let at = 0; at < lines.length;) {
    let end = at;
    while (end < lines.length && !near[end]) {
      end++;
    }
    // One hidden line would take the place that it hides.
    if (end - at > 1) {
      folded.push({ kind: "gap", lines: lines.slice(at, end) });
    } else {
      folded.push(...lines.slice(at, end));
    }
    while (end < lines.length && near[end]) {
      folded.push(lines[end] as DiffLine);
      end++;
    }
    at = end;
  }
  return folded;
}

export function countDiff(lines: readonly DiffLine[]): DiffCounts {
  return {
    added: lines.filter((line) => line.kind === "added").length,
    removed: lines.filter((line) => line.kind === "removed").length,
  };
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function shortestEdit(a: string[], b: string[]): DiffLine["kind"][] {
  const most = Math.min(a.length + b.length, MOST_EDITS);
  const middle = most + 1;
  const reach = new Int32Array(2 * most + 3);
  const trace: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits++) {
    trace.push(reach.slice(middle - edits - 1, middle + edits + 2));
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && at(reach, middle + k - 1) < at(reach, middle + k + 1));
      let x = down ? at(reach, middle + k + 1) : at(reach, middle + k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) {
        x++;
      }
      reach[middle + k] = x;
      if (x >= a.length && x - k >= b.length) {
        return walkBack(trace, a.length, b.length);
      }
    }
  }
  return [...Array<DiffLine["kind"]>(a.length).fill("removed"), ...Array<DiffLine["kind"]>(b.length).fill("added")];
}

function walkBack(trace: Int32Array[], x: number, y: number): DiffLine["kind"][] {
  const kinds: DiffLine["kind"][] = [];
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const reach = trace[edits] as Int32Array;
    const middle = edits + 1;
    const k = x - y;
    const down = k === -edits || (k !== edits && at(reach, middle + k - 1) < at(reach, middle + k + 1));
    const beforeK = down ? k + 1 : k - 1;
    const beforeX = edits === 0 ? 0 : at(reach, middle + beforeK);
    const beforeY = edits === 0 ? 0 : beforeX - beforeK;
    while (x > beforeX && y > beforeY) {
      kinds.push("same");
      x--;
      y--;
    }
    if (edits > 0) {
      kinds.push(down ? "added" : "removed");
      x = beforeX;
      y = beforeY;
    }
  }
  return kinds.reverse();
}

function at(numbers: Int32Array, index: number): number {
  return numbers[index] ?? 0;
}
