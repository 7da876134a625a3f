import { StatusLine } from "../../toolchain/system/statusLine";
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
  const status = terminal.isTTY ? new StatusLine(terminal as NodeJS.WriteStream) : undefined;
  const show = () => {
    if (running.size > 0) {
      status?.show(`running  ${[...running].join(", ")}`);
    }
  };
  return {
    start(name) {
      running.add(name);
      show();
    },
    result(result) {
      running.delete(result.name);
      status?.hide();
      print(resultLine(result, terminal.columns));
      show();
    },
  };
}
