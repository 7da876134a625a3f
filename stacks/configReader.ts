import { z } from "zod";
import { isMap } from "../common/isMap";
import type { ConfigProblem } from "./configError";
import { keysOf, noSuch, standIns, unwrapped, type Keys } from "./schema";

/** A value that leaves the choice to the profile; what a key holds that is not set. */
const auto = "auto";

/** Config as Pulumi hands it out: key without namespace, value as text; arrays and objects are JSON. */
export type RawConfig = Readonly<Record<string, string>>;

/** Notes mistakes under a path, such as `services[1].retries`. */
export class Notes {
  /** @param problems The list that all notes of one configuration share. */
  constructor(
    readonly problems: ConfigProblem[] = [],
    readonly at = "",
  ) {}

  /** Notes a mistake in the value of `key`. */
  problem(key: string, value: unknown, fix: string): void {
    this.problems.push({ key: this.path(key), value, fix });
  }

  /** Notes a mistake in the value itself. */
  noteHere(value: unknown, fix: string): void {
    this.problems.push({ key: this.at, value, fix });
  }

  /** Notes each of some keys that holds something, because nothing uses it without `needs`. */
  rejectUnused<T extends object>(own: T, keys: readonly (keyof T & string)[], needs: string): void {
    for (const key of keys) {
      const value = own[key];
      if (Array.isArray(value) ? value.length > 0 : value !== undefined) {
        this.problem(key, value, `only used with ${needs}; set that, or remove this key`);
      }
    }
  }

  /** @returns whether a mistake was noted in `key`, or below it. */
  isWrong(key: string): boolean {
    const path = this.path(key);
    return this.problems.some(
      ({ key: one }) => one === path || one.startsWith(`${path}.`) || one.startsWith(`${path}[`),
    );
  }

  /** @returns the notes of a key, or of an item of a list. */
  in(key: string | number): Notes {
    return new Notes(this.problems, this.path(key));
  }

  private path(key: string | number): string {
    return typeof key === "number" ? `${this.at}[${key}]` : this.at === "" ? key : `${this.at}.${key}`;
  }
}

/**
 * Reads config by the schemas of its keys, and collects what is wrong instead of stopping at the first mistake. Wrong
 * parts are left out or have a stand-in, so that the rest can still be judged.
 */
export class ConfigReader extends Notes {
  constructor(private readonly raw: RawConfig) {
    super();
    for (const [key, value] of Object.entries(raw)) {
      checkTexts(this.in(key), textOrJson(value) ?? value);
    }
  }

  /** @returns the values of some keys; a wrong one reads as if it were not set. */
  read<K extends Keys>(keys: K): { [P in keyof K]: z.output<K[P]> } {
    const values = Object.entries(keys).map(([key, schema]) => [key, this.readKey(key, schema)]);
    return Object.fromEntries(values) as { [P in keyof K]: z.output<K[P]> };
  }

  /** @returns whether a key holds something, right or wrong. */
  has(key: string): boolean {
    return ![undefined, "", auto].includes(this.raw[key]);
  }

  /** Notes every key that is not among `keys`. */
  rejectUnknownKeys(keys: Keys): void {
    const lists = Object.keys(keys).filter((key) => unwrapped(keys[key]!) instanceof z.ZodArray);
    for (const [key, value] of Object.entries(this.raw).filter(([key]) => !Object.hasOwn(keys, key))) {
      const list = lists.find((one) => keysOf(keys[one]!).includes(key));
      const fix =
        list === undefined
          ? noSuch("key", key, Object.keys(keys), "remove it or correct its name")
          : `no such key; it belongs into each item of ${list}`;
      this.problem(key, value, fix);
    }
  }

  private readKey(key: string, schema: z.ZodType): unknown {
    const text = this.raw[key]!;
    const kind = unwrapped(schema);
    if (!this.has(key)) {
      return schema.parse(undefined);
    }
    if (!(kind instanceof z.ZodArray || kind instanceof z.ZodObject || kind instanceof z.ZodRecord)) {
      return readable(schema, scalar(kind, text), this.in(key), text);
    }
    const value = textOrJson(text);
    if (value === undefined) {
      const fix = "not readable as JSON; write it so, or as a list or object in the stack's YAML file";
      this.problem(key, text, fix);
    }
    // Pulumi.yaml has {} for an object that is not set.
    const isEmpty = kind instanceof z.ZodObject && isMap(value) && Object.keys(value).length === 0;
    return value === undefined || isEmpty ? schema.parse(undefined) : readable(schema, value, this.in(key));
  }
}

/**
 * @returns a text as the kind of value that it is of, if it can be read so. Number() would take 0x50, 3e4 and blanks as
 * well.
 */
function scalar(kind: z.ZodType, text: string): unknown {
  if (kind instanceof z.ZodBoolean && ["true", "false"].includes(text)) {
    return text === "true";
  }
  return kind instanceof z.ZodNumber && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/**
 * @returns what can be read of a value, as its schema gives it, once what is wrong was noted.
 * @param shown What messages show in place of the value.
 */
function readable(schema: z.ZodType, value: unknown, notes?: Notes, shown = value): unknown {
  const result = schema.safeParse(value);
  if (result.success) {
    return result.data;
  }
  // A rule of an object is judged once its keys are right, so that without the wrong ones it may be broken in turn:
  // that is not noted.
  return readable(schema, repaired(schema, value, issuesOf(result.error), notes, shown));
}

/** One mistake: where it is in the value, and what to do. */
interface Issue {
  path: PropertyKey[];
  message: string;
}

function issuesOf(error: z.ZodError): Issue[] {
  return error.issues.flatMap((issue): Issue[] => {
    switch (issue.code) {
      case "unrecognized_keys":
        return issue.keys.map((key) => ({ path: [...issue.path, key], message: "" }));
      case "invalid_key":
        return [{ path: issue.path, message: issue.issues[0]!.message }];
      default:
        return [issue];
    }
  });
}

/** Notes what is wrong in a value. @returns the value without that; where something has to be, with its stand-in. */
function repaired(schema: z.ZodType, value: unknown, issues: readonly Issue[], notes?: Notes, shown = value): unknown {
  const kind = unwrapped(schema);
  const here = issues.find(({ path }) => path.length === 0);
  if (here) {
    const known = standIns.get(schema);
    const isMissing = known !== undefined && (value === undefined || value === null);
    notes?.noteHere(isMissing ? undefined : shown, isMissing ? known.missing : here.message);
    return known?.standIn;
  }
  const copy = (Array.isArray(value) ? value.slice() : { ...(value as object) }) as Record<PropertyKey, unknown>;
  const keys = [...new Set(issues.map(({ path }) => path[0]!))].map((key) => ({ key, part: partOf(kind, key) }));
  // A key that is misspelt explains why another is missing.
  for (const { key, part } of keys.sort((a, b) => Number(a.part !== undefined) - Number(b.part !== undefined))) {
    if (part === undefined) {
      const known = keysOf(kind);
      // checkTexts has noted names that no key can have.
      if (!notes?.isWrong(String(key))) {
        notes?.problem(String(key), copy[key], noSuch("key", String(key), known, `known are ${known.join(", ")}`));
      }
      delete copy[key];
      continue;
    }
    const below = issues
      .filter(({ path }) => path[0] === key)
      .map((issue) => ({ ...issue, path: issue.path.slice(1) }));
    const right = repaired(part, copy[key], below, notes?.in(key as string | number));
    if (right === undefined) {
      delete copy[key];
    } else {
      copy[key] = right;
    }
  }
  return Array.isArray(copy) ? copy.filter((one) => one !== undefined) : copy;
}

/** @returns the schema of a part of a value; undefined for a key that its object does not have. */
function partOf(kind: z.ZodType, key: PropertyKey): z.ZodType | undefined {
  if (kind instanceof z.ZodObject) {
    return Object.hasOwn(kind.shape, key) ? (kind.shape[key as string] as z.ZodType) : undefined;
  }
  if (kind instanceof z.ZodArray) {
    return kind.element as z.ZodType;
  }
  return kind instanceof z.ZodRecord ? (kind.valueType as z.ZodType) : z.unknown();
}

/** @returns what a value holds, if it is JSON; else undefined. */
function textOrJson(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * Notes each text with a NUL in it, at whatever depth: no process can be given one as argument or variable. And each
 * key that zod, like most parsers of objects, passes over in silence.
 */
function checkTexts(notes: Notes, value: unknown): void {
  if (typeof value === "string" && value.includes("\0")) {
    notes.noteHere(value, "the text has a NUL character in it; remove it");
  } else if (Array.isArray(value)) {
    value.forEach((item, i) => checkTexts(notes.in(i), item));
  } else if (isMap(value)) {
    for (const [name, item] of Object.entries(value)) {
      checkTexts(notes.in(name), item);
      if (name.includes("\0")) {
        notes.problem(name, item, "the name has a NUL character in it; remove it");
      }
      if (name === "__proto__") {
        notes.problem(name, item, "no key has this name; remove it");
      }
    }
  }
}
