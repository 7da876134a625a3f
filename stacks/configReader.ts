import { isMap } from "../common/isMap";
import { nearest } from "../common/nearest";
import type { ConfigProblem } from "./configError";

/** A value that leaves the choice to the profile; what a key holds that is not set. */
const auto = "auto";

/** Config as Pulumi hands it out: key without namespace, value as text; arrays and objects are JSON. */
export type RawConfig = Readonly<Record<string, string>>;

/**
 * Reads config key by key and collects what is wrong instead of stopping at the first mistake. A key that holds nonsense reads as its
 * fallback, so that the rest can still be judged.
 */
export class ConfigReader {
  readonly problems: ConfigProblem[] = [];
  private readonly known = new Set<string>();

  constructor(private readonly raw: RawConfig) {
    for (const [key, value] of Object.entries(raw)) {
      rejectNul(this, key, textOrJson(value));
    }
  }

  /** Notes a mistake. */
  problem(key: string, value: unknown, fix: string): void {
    this.problems.push({ key, value, fix });
  }

  /** @returns the keys that were asked for so far. */
  get knownKeys(): string[] {
    return [...this.known];
  }

  /**
   * Notes every key that was not asked for. Call it when all is read.
   * @param inner Keys of the items that a list holds, by the list's key: a slip that deserves a better hint.
   */
  rejectUnknownKeys(inner: Readonly<Record<string, readonly string[]>> = {}): void {
    for (const [key, value] of Object.entries(this.raw)) {
      if (!this.known.has(key)) {
        const place = Object.keys(inner).find((list) => inner[list]!.includes(key));
        this.problem(
          key,
          value,
          place === undefined
            ? noSuch("key", key, this.knownKeys, "remove it or correct its name")
            : `no such key; it belongs into each item of ${place}`,
        );
      }
    }
  }

  /** @returns the text of a key, or `fallback` where it is not set, empty or `auto`. */
  text<F extends string | undefined>(key: string, fallback: F): string | F {
    this.known.add(key);
    const value = this.raw[key];
    return value === undefined || value === "" || value === auto ? fallback : value;
  }

  /** @returns the text of a key if `test` accepts it; notes a problem with `fix` if not. */
  textThat<F extends string | undefined>(
    key: string,
    fallback: F,
    test: (value: string) => boolean,
    fix: string,
  ): string | F {
    const value = this.text(key, fallback);
    if (value !== undefined && value !== fallback && !test(value)) {
      this.problem(key, value, fix);
      return fallback;
    }
    return value;
  }

  /** @returns the value of a key that must be one of `choices`. */
  oneOf<T extends string>(key: string, choices: readonly T[], fallback: T): T {
    const value = this.text(key, undefined);
    if (value === undefined) {
      return fallback;
    }
    if (!(choices as readonly string[]).includes(value)) {
      this.problem(key, value, `use one of ${choices.join(", ")}${didYouMean(value, choices)}`);
      return fallback;
    }
    return value as T;
  }

  /** @returns the whole number of a key, within bounds. */
  integer(key: string, fallback: number, bounds: { min: number; max: number }): number {
    const value = this.text(key, undefined);
    if (value === undefined) {
      return fallback;
    }
    // Number() would take 0x50, 3e4 and blanks as well.
    const number = /^-?\d+$/.test(value) ? Number(value) : NaN;
    if (!Number.isInteger(number) || number < bounds.min || number > bounds.max) {
      this.problem(key, value, `use a whole number from ${bounds.min} to ${bounds.max}`);
      return fallback;
    }
    return number;
  }

  /** @returns the truth value of a key. */
  boolean(key: string, fallback: boolean): boolean {
    return this.oneOf(key, ["true", "false"], fallback ? "true" : "false") === "true";
  }

  /** @returns the list of texts of a key. */
  texts(key: string, fallback: string[]): string[] {
    const value = this.json(key);
    if (value === undefined) {
      return fallback;
    }
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
      this.problem(key, value, "use a list of texts");
      return fallback;
    }
    return value;
  }

  /** @returns the object of a key. */
  object(key: string): Record<string, unknown> {
    const value = this.json(key);
    if (value === undefined) {
      return {};
    }
    if (!isMap(value)) {
      this.problem(key, value, "use an object");
      return {};
    }
    return value;
  }

  /** @returns the list of objects of a key; undefined where it is not set. */
  objects(key: string): Record<string, unknown>[] | undefined {
    const value = this.json(key);
    if (value === undefined) {
      return undefined;
    }
    if (!Array.isArray(value) || !value.every(isMap)) {
      this.problem(key, value, "use a list of objects");
      return undefined;
    }
    return value;
  }

  private json(key: string): unknown {
    const value = this.text(key, undefined);
    if (value === undefined) {
      return undefined;
    }
    try {
      return JSON.parse(value) as unknown;
    } catch {
      this.problem(key, value, "not readable as JSON; write it so, or as a list or object in the stack's YAML file");
      return undefined;
    }
  }
}

/** @returns what a value holds, if it is JSON, else its text. */
function textOrJson(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** Notes each text with a NUL in it, at whatever depth: no process can be given one as argument or variable. */
function rejectNul(reader: ConfigReader, key: string, value: unknown): void {
  if (typeof value === "string" && value.includes("\0")) {
    reader.problem(key, value, "the text has a NUL character in it; remove it");
  } else if (Array.isArray(value)) {
    value.forEach((item, i) => rejectNul(reader, `${key}[${i}]`, item));
  } else if (isMap(value)) {
    for (const [name, item] of Object.entries(value)) {
      rejectNul(reader, `${key}.${name}`, item);
      if (name.includes("\0")) {
        reader.problem(`${key}.${name}`, item, "the name has a NUL character in it; remove it");
      }
    }
  }
}

/** @returns that there is no such thing, with the one that was meant if one of `candidates` is close, else with `otherwise`. */
export function noSuch(what: string, value: string, candidates: readonly string[], otherwise: string): string {
  const candidate = nearest(value, candidates);
  return `no such ${what}; ${candidate ? `did you mean ${candidate}?` : otherwise}`;
}

/** @returns `; did you mean X?` if one of `candidates` is close to `value`, else nothing. */
export function didYouMean(value: string, candidates: readonly string[]): string {
  const candidate = nearest(value, candidates);
  return candidate ? `; did you mean ${candidate}?` : "";
}
