/** Edits that a slip of the keyboard needs at most, in a long word; more is another word. */
const maxEdits = 3;

/** Letters to one edit: half of a short word changed is another word. */
const lettersPerEdit = 3;

/** @returns the candidate that is few edits (insert, delete, replace) from `value`; undefined if none is. */
export function nearest(value: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Math.min(maxEdits, Math.ceil(value.length / lettersPerEdit)) + 1;
  for (const candidate of candidates) {
    const count = edits(value.toLowerCase(), candidate.toLowerCase());
    if (count < fewest) {
      [best, fewest] = [candidate, count];
    }
  }
  return best;
}

function edits(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replace, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
