import { isDuration } from "../components/durations";
import { isPinnedImage } from "../components/imageReference";
import { isMap } from "../common/isMap";
import { noSuch } from "./configReader";
import type { ConfigReader } from "./configReader";

/** Reads one object inside a key, and notes what is wrong under its full path, such as `services[1].retries.attempts`. */
export class ItemReader {
  /** Notes every key of `item` that is not among `known`. */
  constructor(
    private readonly reader: ConfigReader,
    private readonly item: Record<string, unknown>,
    readonly at: string,
    known: readonly string[],
  ) {
    for (const key of Object.keys(item).filter((key) => !known.includes(key))) {
      this.problem(key, item[key], noSuch("key", key, known, `known are ${known.join(", ")}`));
    }
  }

  /** Notes a mistake in the value of `key`. */
  problem(key: string, value: unknown, fix: string): void {
    this.reader.problem(`${this.at}.${key}`, value, fix);
  }

  /** @returns true if the key holds something, right or wrong. */
  has(key: string): boolean {
    return this.item[key] !== undefined && this.item[key] !== null;
  }

  /** @returns the value of a key if `ok` accepts it; undefined if it is not set, or wrong, which is noted with `fix`. */
  value<T>(key: string, ok: (value: unknown) => value is T, fix: string): T | undefined {
    const value = this.item[key];
    if (value === undefined || value === null) {
      return undefined;
    }
    if (!ok(value)) {
      this.problem(key, value, fix);
      return undefined;
    }
    return value;
  }

  /** @returns the whole number of a key, within bounds. */
  whole(key: string, min: number, max: number): number | undefined {
    return this.value(
      key,
      (v): v is number => isWhole(v) && v >= min && v <= max,
      `use a whole number from ${min} to ${max}`,
    );
  }

  /** @returns the number of percent that a key holds. */
  percent(key: string): number | undefined {
    return this.value(
      key,
      (v): v is number => typeof v === "number" && v >= 0 && v <= 100,
      "use a number from 0 to 100",
    );
  }

  /** @returns the text of a key, which must not be empty. */
  text(key: string): string | undefined {
    return this.value(
      key,
      (v): v is string => typeof v === "string" && v.length > 0,
      "use a text that is not empty; quote numbers",
    );
  }

  /** @returns the text of a key that matches `pattern`. */
  textLike(key: string, pattern: RegExp, fix: string): string | undefined {
    return this.value(key, (v): v is string => typeof v === "string" && pattern.test(v), fix);
  }

  /** @returns the text of a key that must be one of `choices`. */
  oneOf<T extends string>(key: string, choices: readonly T[]): T | undefined {
    const isChoice = (v: unknown): v is T => (choices as readonly unknown[]).includes(v);
    return this.value(key, isChoice, `use one of ${choices.join(", ")}`);
  }

  /** @returns the truth value of a key. */
  boolean(key: string): boolean | undefined {
    return this.value(key, (v): v is boolean => typeof v === "boolean", "use true or false");
  }

  /** @returns the duration of a key, as Istio writes it. */
  duration(key: string): string | undefined {
    return this.value(key, isDuration, "use a duration with its unit, such as 250ms, 2s or 1m30s, of at most 24h");
  }

  /** @returns an image reference that always means the same image. */
  image(key: string): string | undefined {
    return this.value(
      key,
      (v): v is string => typeof v === "string" && isPinnedImage(v),
      "use an image reference with a version or digest, such as registry/name:1.2.3; latest is none",
    );
  }

  /** @returns the environment variables that a key holds. */
  variables(key: string): Record<string, string> | undefined {
    const all = this.value(key, isMap, "use an object of variables and their texts");
    const right = Object.entries(all ?? {}).filter((entry): entry is [string, string] => {
      const [name, value] = entry;
      if (!/^[A-Za-z_][\w.-]*$/.test(name)) {
        this.problem(`${key}.${name}`, value, "use letters, digits and _ for the name of a variable");
        return false;
      }
      if (typeof value !== "string") {
        this.problem(`${key}.${name}`, value, "a variable is a text; quote it");
        return false;
      }
      return true;
    });
    return all && Object.fromEntries(right);
  }

  /** @returns the object of a key; undefined if it is not set. `known` are its keys. */
  object(key: string, known: readonly string[]): ItemReader | undefined {
    const value = this.value(key, isMap, `use an object of ${known.join(", ")}`);
    return value && new ItemReader(this.reader, value, `${this.at}.${key}`, known);
  }

  /** @returns the objects of the list that a key holds; undefined if it is not set. `known` are the keys of each. */
  objects(key: string, known: readonly string[]): ItemReader[] | undefined {
    const isMaps = (v: unknown): v is Record<string, unknown>[] => Array.isArray(v) && v.every(isMap);
    const values = this.value(key, isMaps, `use a list of objects of ${known.join(", ")}`);
    return values?.map((value, i) => new ItemReader(this.reader, value, `${this.at}.${key}[${i}]`, known));
  }

  /** Notes a key that is missing. @returns `value`, or `standIn` so that the rest can still be judged. */
  required<T>(key: string, value: T | undefined, standIn: T, example: T = standIn): T {
    if (value === undefined && !this.has(key)) {
      this.problem(key, undefined, `has to be set, for example to ${String(example)}`);
    }
    return value ?? standIn;
  }
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value);
}
