/** Takes one line of progress. */
export type Logger = (line: string) => void;

/** A logger that says how long after its making each line came. */
export function timedLogger(write: (line: string) => void, now: () => number = Date.now): Logger {
  const started = now();
  return (line) => write(`${((now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`);
}

/** For callers that want no progress. */
export const silent: Logger = () => undefined;
