import { z } from "zod";
import { isMap } from "../common/isMap";
import { nearest } from "../common/nearest";
import { isDuration } from "../components/durations";
import { isPinnedImage } from "../components/imageReference";

/*
 * What the schemas of config keys are made of. A schema's message says what to write instead; ./configReader.ts adds the key and its value.
 */

/** @returns the schema of a text that `test` accepts. */
export function textThat(test: (value: string) => boolean, fix: string) {
  return z.string(fix).refine(test, fix);
}

/** @returns the schema of a whole number within bounds. */
export function whole(min: number, max: number) {
  const fix = `use a whole number from ${min} to ${max}`;
  return z.int(fix).min(min, fix).max(max, fix);
}

/** @returns the schema of a number within bounds. */
export function number(min: number, max: number, fix = `use a number from ${min} to ${max}`) {
  return z.number(fix).min(min, fix).max(max, fix);
}

/** @returns the schema of a text that is one of `choices`. */
export function oneOf<const T extends readonly string[]>(choices: T) {
  const fix = `use one of ${choices.join(", ")}`;
  return z.enum(choices, { error: ({ input }) => fix + didYouMean(input, choices) });
}

/** @returns the schema of an object of known keys; null is the same as a key that is not set. */
export function item<S extends z.ZodRawShape>(shape: S) {
  return z.preprocess(withoutNulls, z.strictObject(shape, `use an object of ${Object.keys(shape).join(", ")}`));
}

/** @returns the schema of a list of such objects, `one` each. */
export function listOf<T extends z.ZodType>(one: T, fix = `use a list of objects of ${keysOf(one).join(", ")}`) {
  const isList = (v: unknown) => Array.isArray(v) && v.every(isMap);
  return z.custom<z.input<T>[]>(isList, fix).pipe(z.array(one));
}

/**
 * @returns the schema of a key of an object that has to be set.
 * @param standIn Value in place of a wrong one, so that the rest can still be judged.
 * @param example Shown where the key is missing.
 */
export function required<T extends z.ZodType>(schema: T, standIn: z.input<T>, example: unknown = standIn): T {
  return missingSays(schema, standIn, `has to be set, for example to ${String(example)}`);
}

/** @returns a schema as {@link required} does, with a message of its own for where the key is missing. */
export function missingSays<T extends z.ZodType>(schema: T, standIn: z.input<T>, missing: string): T {
  const own = schema.clone();
  own.parse(standIn);
  standIns.add(own, { standIn, missing });
  return own;
}

/** Stands for a name that is missing or wrong. */
export const unnamed = "unnamed";

/** What is known of keys that have to be set. */
export const standIns = z.registry<{ standIn: unknown; missing: string }>();

/** A text with something in it. */
export const text = textThat((v) => v.length > 0, "use a text that is not empty; quote numbers");

/** true or false. */
export const flag = z.boolean({
  error: ({ input }) => `use one of true, false${didYouMean(input, ["true", "false"])}`,
});

/** A list of texts. */
export const texts = z.custom<string[]>(isTexts, "use a list of texts");

/** A duration, as Istio writes it. */
export const duration = z.custom<string>(
  isDuration,
  "use a duration with its unit, such as 250ms, 2s or 1m30s, of at most 24h",
);

/** An image reference that always means the same image. */
export const image = textThat(
  isPinnedImage,
  "use an image reference with a version or digest, such as registry/name:1.2.3; latest is none",
);

/** What a path of the gateway is like. */
export const pathFix = "start with /, write each segment of letters, digits and ._~-, and leave out a / at the end";

/** A path of the gateway. */
export const path = textThat(isPath, pathFix);

/** An absolute path of the nodes: Kubernetes refuses a hostPath with `..` in it. */
export const nodeFolder = textThat(
  (v) => /^(\/[\w.-]+)+$/.test(v) && !hasDotSegment(v),
  "use an absolute path of the nodes, without . and .. in it and without a / at the end",
);

/** Environment variables by name. */
export const variables = z.record(
  z.string().regex(/^[A-Za-z_][\w.-]*$/, "use letters, digits and _ for the name of a variable"),
  z.string("a variable is a text; quote it"),
  "use an object of variables and their texts",
);

/** @returns the schema of a list, not empty, of texts that `test` accepts. */
export function textsThat(test: (value: string) => boolean, fix: string) {
  return z.custom<string[]>((v) => isTexts(v) && v.length > 0 && v.every(test), fix);
}

/** @returns true for a path with a segment `.` or `..`. */
export function hasDotSegment(value: string): boolean {
  return /\/\.{1,2}(\/|$)/.test(value);
}

/** @returns true for a path that the gateway can route: Envoy resolves . and .. before it looks for a route. */
export function isPath(value: string): boolean {
  return value === "/" || (/^(\/[A-Za-z0-9._~-]+)+$/.test(value) && !hasDotSegment(value));
}

/**
 * @returns that there is no such thing, with the one that was meant if one of `candidates` is close, else with
 * `otherwise`.
 */
export function noSuch(what: string, value: string, candidates: readonly string[], otherwise: string): string {
  const candidate = nearest(value, candidates);
  return `no such ${what}; ${candidate ? `did you mean ${candidate}?` : otherwise}`;
}

function didYouMean(value: unknown, candidates: readonly string[]): string {
  const candidate = typeof value === "string" ? nearest(value, candidates) : undefined;
  return candidate ? `; did you mean ${candidate}?` : "";
}

/** @returns true for a list of texts. */
export function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function withoutNulls(value: unknown): unknown {
  return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, one ?? undefined])) : value;
}

/*
 * A config key.
 */

/**
 * @returns the schema of a config key that leaves the choice to the profile, or to the program, where it is not set,
 * empty or `auto`.
 * @param description For Pulumi.yaml and docs/configuration.md.
 */
export function key<T extends z.ZodType>(description: string, schema: T): z.ZodOptional<T>;
/** @param fallback What a key holds that is not set, empty or `auto`. */
export function key<T extends z.ZodType>(description: string, schema: T, fallback: z.input<T>): z.ZodPrefault<T>;
export function key(description: string, schema: z.ZodType, fallback?: unknown): z.ZodType {
  return (fallback === undefined ? schema.optional() : schema.prefault(fallback)).describe(description);
}

/** Config keys by name. */
export type Keys = Readonly<Record<string, z.ZodType>>;

/** @returns the schema that says what a value is made of: without what makes it optional or changes it. */
export function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrapped(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodPipe) {
    return unwrapped((schema.out instanceof z.ZodTransform ? schema.in : schema.out) as z.ZodType);
  }
  return schema;
}

/** @returns the keys of an object, or of each item of a list; none for anything else. */
export function keysOf(schema: z.ZodType): string[] {
  const kind = unwrapped(schema);
  if (kind instanceof z.ZodArray) {
    return keysOf(kind.element as z.ZodType);
  }
  return kind instanceof z.ZodObject ? Object.keys(kind.shape) : [];
}
