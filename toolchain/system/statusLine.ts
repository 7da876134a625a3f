import { clearLine, cursorTo } from "node:readline";

/** Takes one line of progress. */
export type Logger = (line: string) => void;

/** A logger that says how long after its making each line came. */
export function timedLogger(write: (line: string) => void, now: () => number = Date.now): Logger {
  const started = now();
  return (line) => write(`${((now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`);
}

/** For callers that want no progress. */
export const silent: Logger = () => undefined;

/** A terminal, as far as one line of it goes. */
export type Terminal = NodeJS.WritableStream & { columns?: number };

/** The last line of a terminal, which is written again and again. What is logged appears above it. */
export class StatusLine {
  private shown = "";

  constructor(private readonly terminal: Terminal) {}

  /** Shows a text in place of the last one. */
  show(text: string): void {
    const width = (this.terminal.columns || 80) - 1;
    this.hide();
    this.shown = text.length > width ? `${text.slice(0, width - 1)}…` : text;
    this.terminal.write(this.shown);
  }

  /** Takes the line away. */
  hide(): void {
    if (this.shown !== "") {
      cursorTo(this.terminal, 0);
      clearLine(this.terminal, 0);
      this.shown = "";
    }
  }

  /** @returns a logger whose lines come above this one. */
  above(log: Logger): Logger {
    return (line) => {
      const { shown } = this;
      this.hide();
      log(line);
      if (shown !== "") {
        this.show(shown);
      }
    };
  }
}
