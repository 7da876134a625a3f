/**
 * Checks fields against the generated schemas: those of the definitions that Istio's chart and the Gateway API install.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import gatewayApi from "../schemas/gatewayApi.json";
import istio from "../schemas/istio.json";
import meshConfig from "../schemas/meshConfig.json";
import { nearest } from "../../common/nearest";
import { isMap } from "../../common/isMap";

/** A value that does not have the form of its field. */
export interface Misfit {
  path: (string | number)[];
  /** What is wrong, to be read after the field: `is "80", but has to be an integer`. */
  message: string;
  fix: string;
}

interface Kind {
  versions: string[];
  schema: object;
}
const kinds = { ...istio, ...gatewayApi } as Readonly<Record<string, Kind | undefined>>;

/** The groups whose kinds are all known. */
const groups = new Set(Object.keys(kinds).map((key) => key.slice(0, key.indexOf("/"))));

// Each run compiles the schemas of a few kinds, so that compiling has to be quick.
const ajv = new Ajv({
  strict: false,
  allErrors: true,
  validateFormats: false,
  logger: false,
  verbose: true,
  inlineRefs: false,
  code: { optimize: false },
});
const compiled = new Map<string, ValidateFunction>();

function compile(name: string, schema: object): ValidateFunction {
  const known = compiled.get(name) ?? ajv.compile(schema);
  compiled.set(name, known);
  return known;
}

/** A kind of Istio or of the Gateway API that does not exist, or not in that version; undefined for all other kinds. */
export function unknownKind(group: string, version: string, kind: string): string | undefined {
  if (!groups.has(group)) {
    return undefined;
  }
  const found = kinds[`${group}/${kind}`];
  if (found === undefined) {
    const names = Object.keys(kinds).map((key) => key.split("/") as [string, string]);
    const elsewhere = names.find(([, name]) => name === kind);
    const near = nearest(
      kind,
      names.filter(([of]) => of === group).map(([, name]) => name),
    );
    const advice =
      elsewhere !== undefined
        ? `${kind} is of group ${elsewhere[0]}`
        : near !== undefined
          ? `did you mean ${near}?`
          : `it has ${names
              .filter(([of]) => of === group)
              .map(([, name]) => name)
              .join(", ")}`;
    return `the group ${group} has no kind ${kind}: ${advice}`;
  }
  return found.versions.includes(version)
    ? undefined
    : `${kind} has no version ${version}: write ${group}/${found.versions.join(` or ${group}/`)}`;
}

/** Whether the fields of a kind are checked by a schema. */
export function hasSchema(group: string, kind: string): boolean {
  return kinds[`${group}/${kind}`] !== undefined;
}

/**
 * A copy without fields that are getters, which stand for values that are not known yet; returns whether there were
 * any.
 */
function knownPart(value: unknown, seen: { unknown: boolean }): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : {};
  for (const key of Object.keys(value)) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key)!;
    if ("value" in descriptor) {
      (copy as Record<string, unknown>)[key] = knownPart(descriptor.value, seen);
    } else {
      seen.unknown = true;
      if (Array.isArray(copy)) {
        // Keeps the place of the item: null is passed over.
        copy[Number(key)] = null;
      }
    }
  }
  return copy;
}

function pathOf(pointer: string): (string | number)[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "a map" : JSON.stringify(value);
}

/** The fields of a choice of which one at most, or exactly one, may be set. */
function choice(schema: unknown): string[] {
  const names = (Array.isArray(schema) ? schema : []).flatMap((one: { required?: string[] }) => one.required ?? []);
  return [...new Set(names)];
}

const wanted: Readonly<Record<string, string>> = {
  array: "a list",
  object: "a map",
  integer: "a whole number",
  number: "a number",
  string: "a string",
  boolean: "true or false",
};

/** What an error of the validator comes to; undefined for one that another says better. */
function misfitOf(error: ErrorObject): Misfit | undefined {
  const { keyword, instancePath, schemaPath, params, data, schema } = error;
  const path = pathOf(instancePath);
  // Kubernetes drops fields that are null.
  if (data === null || /\/(oneOf|anyOf)\/\d+\//.test(schemaPath)) {
    return undefined;
  }
  const is = textOf(data);
  const { type, allowedValues, limit, missingProperty, additionalProperty, pattern } = params as {
    type?: string | string[];
    allowedValues?: unknown[];
    limit?: number;
    missingProperty?: string;
    additionalProperty?: string;
    pattern?: string;
  };
  switch (keyword) {
    case "type": {
      const types = [type ?? []].flat().map((one) => wanted[one] ?? one);
      const quoted = types.includes("a string") && typeof data !== "object" ? ` Write "${is}", in quotes.` : "";
      return { path, message: `is ${is}, but has to be ${types.join(" or ")}`, fix: quoted || "Correct its type." };
    }
    case "enum": {
      const names = (allowedValues ?? []).filter((one) => typeof one === "string" && one !== "").join(", ");
      const near = typeof data === "string" ? nearest(data, names.split(", ")) : undefined;
      return { path, message: `is ${is}, but has to be one of ${names}`, fix: `Write ${near ?? "one of them"}.` };
    }
    case "additionalProperties": {
      const parent = error.parentSchema as { properties?: object } | undefined;
      const names = Object.keys(parent?.properties ?? {});
      const near = nearest(additionalProperty ?? "", names);
      return {
        path: [...path, additionalProperty ?? ""],
        message: "is no field that its kind has",
        fix: near === undefined ? `Use one of ${names.join(", ")}, or remove it.` : `Write ${near}.`,
      };
    }
    case "required":
      return { path, message: `lacks ${missingProperty}`, fix: `Add ${missingProperty}.` };
    case "oneOf":
    case "anyOf": {
      const names = choice(schema);
      const set = isMap(data) ? names.filter((name) => data[name] !== undefined) : [];
      return names.length === 0
        ? { path, message: "has none of the forms that it may have", fix: "Correct it." }
        : set.length > 1
          ? { path, message: `has ${set.join(" and ")}, which exclude each other`, fix: "Keep one of them." }
          : { path, message: `has none of ${names.join(", ")}`, fix: "Set one of them." };
    }
    case "pattern":
      return { path, message: `is ${is}, which does not match ${pattern}`, fix: "Correct it." };
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
    case "exclusiveMaximum":
      return {
        path,
        message: `is ${is}, but has to be ${keyword.toLowerCase().includes("min") ? "at least" : "at most"} ${limit}`,
        fix: "Correct it.",
      };
    case "minLength":
    case "minItems":
    case "minProperties":
      return {
        path,
        message: limit === 1 ? "is empty" : `has less than ${limit} entries`,
        fix: "Fill it in, or remove it.",
      };
    case "maxLength":
    case "maxItems":
    case "maxProperties":
      return { path, message: `is longer than ${limit}`, fix: "Shorten it." };
    default:
      return undefined;
  }
}

function check(validate: ValidateFunction, value: unknown, hidden: boolean): Misfit[] {
  if (validate(value)) {
    return [];
  }
  // Where values are not known yet, what looks missing may be there.
  const unsure = new Set(["required", "oneOf", "anyOf", "minItems", "minProperties"]);
  return (validate.errors ?? [])
    .filter(({ keyword }) => !hidden || !unsure.has(keyword))
    .flatMap((error) => misfitOf(error) ?? []);
}

/**
 * What the API server refuses of a resource of Istio or of the Gateway API: fields that are none, and values of another
 * type.
 *
 * @param fields The resource. Fields that are getters are not known yet and are passed over.
 * @param unknowns Whether some fields may be such getters, as in a Pulumi program.
 */
export function misfitsOf(group: string, kind: string, fields: Record<string, unknown>, unknowns: boolean): Misfit[] {
  const found = kinds[`${group}/${kind}`];
  if (found === undefined) {
    return [];
  }
  const seen = { unknown: false };
  const value = (unknowns ? knownPart(fields, seen) : fields) as Record<string, unknown>;
  const { apiVersion: _a, kind: _k, metadata: _m, ...rest } = value;
  const own = unknowns ? { spec: rest["spec"] } : rest;
  return check(compile(`${group}/${kind}`, found.schema), own["spec"] === undefined ? {} : own, seen.unknown);
}

/**
 * What istiod refuses of a part of its mesh configuration: `MeshConfig`, or `ProxyConfig` as an annotation holds it.
 */
export function configurationMisfits(message: "MeshConfig" | "ProxyConfig", value: unknown): Misfit[] {
  return check(compile(message, { ...meshConfig, $ref: `#/$defs/${message}` }), value, false);
}
