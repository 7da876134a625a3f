import Table from "cli-table3";
import type { TableConstructorOptions } from "cli-table3";

const noBorders = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid"].flatMap((side) =>
    ["", "-mid", "-left", "-right"].map((corner) => [`${side}${corner}`, ""]),
  ),
);

/**
 * @param gap Blanks between two cells.
 * @returns the lines of a table without borders, colours and blanks at their ends.
 */
export function plainTable(
  rows: readonly string[][],
  gap: number,
  options: Pick<TableConstructorOptions, "head" | "colWidths" | "colAligns" | "wordWrap"> = {},
): string[] {
  const style = { "padding-left": 0, "padding-right": gap, head: [], border: [] };
  const table = new Table({ chars: { ...noBorders, middle: "" }, style, ...options });
  table.push(...rows);
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
}

/** @returns the lines of a table of figures: the first column to the left, the others to the right. */
export function figureTable(head: string[], rows: readonly string[][]): string[] {
  return plainTable(rows, 2, { head, colAligns: head.map((_, i) => (i === 0 ? "left" : "right")) });
}
