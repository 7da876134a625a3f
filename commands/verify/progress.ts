import { clearLine, cursorTo } from "node:readline";
import { resultLine } from "./report";
import type { RunEvents } from "./run";

/** Where progress is shown. */
type Terminal = Pick<NodeJS.WriteStream, "isTTY" | "columns" | "write">;

/**
 * @param print Prints a finished row.
 * @param terminal Shows the checks that run now in its last line, if it is a terminal.
 * @returns what shows the checks of a run: a row for each result, and below them the names of those that run.
 */
export function progressOf(print: (line: string) => void, terminal: Terminal = process.stderr): RunEvents {
  const running = new Set<string>();
  const redraw = (row?: string) => {
    if (terminal.isTTY) {
      cursorTo(terminal as NodeJS.WriteStream, 0);
      clearLine(terminal as NodeJS.WriteStream, 0);
    }
    if (row !== undefined) {
      print(row);
    }
    if (terminal.isTTY && running.size > 0) {
      terminal.write(`running  ${[...running].join(", ")}`.slice(0, terminal.columns - 1));
    }
  };
  return {
    start(name) {
      running.add(name);
      redraw();
    },
    result(result) {
      running.delete(result.name);
      redraw(resultLine(result, terminal.columns));
    },
  };
}
