/** The nearest of some names to one that is none of them. */
import { distance } from "fastest-levenshtein";

/** Letters to one edit: half of a short word changed is another word. */
const lettersPerEdit = 3;
/** Edits that a slip of the keyboard needs at most, in a long word. */
const maxEdits = 3;

/** The name that is few edits (insert, delete, replace a letter) from a misspelt one; undefined where none is. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const most = Math.min(maxEdits, Math.ceil(name.length / lettersPerEdit));
  const byDistance = names
    .map((one) => ({ one, edits: distance(name.toLowerCase(), one.toLowerCase()) }))
    .filter(({ edits }) => edits <= most)
    .sort((a, b) => a.edits - b.edits);
  return byDistance[0]?.one;
}
