/** A part of the work, as far as it is done. */
export interface Part {
  name: string;
  /** Seconds that it is expected to take. */
  seconds: number;
  /** Packages that it is expected to compile. Default: it compiles none. */
  packages?: number;
  /** Packages that it has compiled. */
  compiled: number;
  /** Modules that it has downloaded. */
  downloaded: number;
  state: "waiting" | "at work" | "done";
}

/** How far all of the work is. */
export interface Estimate {
  /** 0 to 100. */
  percent: number;
  secondsLeft: number;
}

/** Share of a build that is compiling; the rest is linking, of which Go says nothing. */
const compilingShare = 0.9;

/**
 * Seconds at the expected speed that the first measured ones are mixed with, so that one quick package makes no
 * forecast.
 */
const steadySeconds = 45;

/** @returns how much of a part is done, 0 to 1. Pure. */
function doneShare({ state, packages, compiled }: Part): number {
  if (state !== "at work" || packages === undefined) {
    return state === "done" ? 1 : 0;
  }
  return compilingShare * Math.min(1, compiled / packages);
}

/** @returns how many times longer than expected the work takes, by what is done in `elapsed` seconds. Pure. */
export function paceOf(parts: readonly Part[], elapsed: number): number {
  return (elapsed + steadySeconds) / (doneSeconds(parts) + steadySeconds);
}

/** @returns how far the work is after `elapsed` seconds at it, at the speed so far. Pure. */
export function estimate(parts: readonly Part[], elapsed: number): Estimate {
  const total = parts.reduce((sum, { seconds }) => sum + seconds, 0);
  const done = doneSeconds(parts);
  return {
    percent: total === 0 ? 100 : Math.floor((100 * done) / total),
    secondsLeft: (total - done) * paceOf(parts, elapsed),
  };
}

function doneSeconds(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.seconds * doneShare(part), 0);
}

/** @returns the line that says how far the work is; undefined if nothing is at work. Pure. */
export function progressText(parts: readonly Part[], elapsed: number): string | undefined {
  const now = parts.filter(({ state }) => state === "at work");
  if (now.length === 0) {
    return undefined;
  }
  const { percent, secondsLeft } = estimate(parts, elapsed);
  return `${String(percent).padStart(2)} % built: ${now.map(partText).join("; ")}; ${timeText(secondsLeft)} left`;
}

function partText({ name, packages, compiled, downloaded }: Part): string {
  if (packages === undefined) {
    return name;
  }
  if (compiled > 0) {
    return compiled < packages ? `${name}, ${compiled} of ${packages} packages compiled` : `${name} is linked`;
  }
  return downloaded > 0 ? `${name}, ${downloaded} modules downloaded` : name;
}

/** @returns a time for people. Pure. */
export function timeText(seconds: number): string {
  return seconds < 60 ? "less than a minute" : `about ${Math.round(seconds / 60)} min`;
}

/** What a line of `go build -v` says. */
export type GoLine = "package" | "download" | "complaint";

/**
 * @returns what a line that Go printed is: with -v, Go prints the import path of each package that it compiles; a
 * complaint has blanks. Pure.
 */
export function kindOfLine(line: string): GoLine {
  if (line.startsWith("go: downloading ")) {
    return "download";
  }
  return /^[\w.~-]+(\/[\w.~+-]+)*$/.test(line) ? "package" : "complaint";
}
