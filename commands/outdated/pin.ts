import { plainTable } from "../shared/plainTable";

/** A version in its parts: `v`, 3, 6, 7 and `-alpine` of `v3.6.7-alpine`. */
interface Parts {
  prefix: string;
  numbers: number[];
  suffix: string;
}

/**
 * @param ours A version or a tag.
 * @param versions Those that a registry has, in any order.
 * @returns the highest version that is made like ours, with the same prefix, as many numbers and the same suffix:
 * `7.4.1-alpine` for `7.2.11-alpine`, and neither `8` nor `8.0-rc1-alpine`. Ours if none is higher; undefined if ours
 * is no version, as a commit is none.
 */
export function newestAlike(ours: string, versions: readonly string[]): string | undefined {
  const own = partsOf(ours);
  if (own === undefined) {
    return undefined;
  }
  let [newest, highest] = [ours, own.numbers];
  for (const version of versions) {
    const parts = partsOf(version);
    const isAlike =
      parts?.prefix === own.prefix && parts.suffix === own.suffix && parts.numbers.length === own.numbers.length;
    if (isAlike && isHigher(parts.numbers, highest)) {
      [newest, highest] = [version, parts.numbers];
    }
  }
  return newest;
}

function partsOf(version: string): Parts | undefined {
  const [, prefix, numbers, suffix] = /^(v?)(\d+(?:\.\d+)+)(.*)$/.exec(version) ?? [];
  return numbers === undefined
    ? undefined
    : { prefix: prefix!, numbers: numbers.split(".").map(Number), suffix: suffix! };
}

function isHigher(a: readonly number[], b: readonly number[]): boolean {
  const i = a.findIndex((number, i) => number !== b[i]);
  return i >= 0 && a[i]! > b[i]!;
}

/** A version that a file of this project asks for, and what its registry has. */
export interface Pin {
  /** Name of what is pinned, as its registry calls it. */
  what: string;
  /** Version that we pin. */
  ours: string;
  /** Version to go to: ours, where the registry has no later one. Undefined where that is not known. */
  newest?: string;
  /** Files that pin it. */
  where: string[];
  /** Why the newest version is not known. */
  problem?: string;
}

/** What there is to say of a pin. */
export type Verdict = "outdated" | "current" | "unknown";

/** @returns whether a registry has a later version than ours. */
export function verdictOf({ ours, newest }: Pin): Verdict {
  return newest === undefined ? "unknown" : newest === ours ? "current" : "outdated";
}

/** @returns the pins, with one of the same thing, version and answer for all files that have it. */
export function mergePins(pins: readonly Pin[]): Pin[] {
  const merged = new Map<string, Pin>();
  for (const { where, ...pin } of pins) {
    const key = JSON.stringify([pin.what, pin.ours, pin.newest, pin.problem]);
    const known = merged.get(key)?.where ?? [];
    merged.set(key, { ...pin, where: [...new Set([...known, ...where])] });
  }
  return [...merged.values()];
}

/** Files of a pin that are named; one more is counted. */
const namedFiles = 2;

/**
 * @param all Show what is current, too. Default false.
 * @returns a table of the pins, what could not be asked for, and how many are current.
 */
export function describePins(pins: readonly Pin[], problems: readonly string[], all = false): string[] {
  const has = (verdict: Verdict) => pins.filter((pin) => verdictOf(pin) === verdict);
  const shown = all ? pins : has("outdated");
  const cells = shown.map((pin) => [pin.what, pin.ours, pin.newest ?? "?", filesOf(pin)]);
  const rows =
    cells.length === 0 ? [] : plainTable(cells, 2, { head: ["what", "ours", "newest", "where it is pinned"] });
  const unknown = has("unknown");
  return [
    ...rows,
    ...(unknown.length > 0 ? ["", "The newest version is not known of:", ...byProblem(unknown)] : []),
    ...(problems.length > 0 ? ["", "Not asked:", ...problems.map((line) => `  ${line}`)] : []),
    ...(rows.length + unknown.length + problems.length > 0 ? [""] : []),
    `${pins.length} pins: ${has("outdated").length} outdated, ${has("current").length} current, ${unknown.length} unknown`,
  ];
}

/**
 * @returns a line for each problem, with all pins that have it: a registry that does not answer keeps many pins
 * unknown.
 */
function byProblem(pins: readonly Pin[]): string[] {
  const problems = new Map<string, string[]>();
  for (const { what, ours, problem = "no answer" } of pins) {
    problems.set(problem, [...(problems.get(problem) ?? []), `${what} ${ours}`]);
  }
  return [...problems].map(([problem, names]) => `  ${names.join(", ")}: ${problem}`);
}

function filesOf({ where }: Pin): string {
  const more = where.length - namedFiles;
  return where.slice(0, namedFiles).join(", ") + (more > 0 ? `, ${more} more` : "");
}
