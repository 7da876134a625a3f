import { createRequire } from "node:module";
import type * as AjvModule from "ajv";
import type { ErrorObject, ValidateFunction } from "ajv";
import type { Notes } from "../configReader";
import { noSuch } from "../schema";

const requireLate = createRequire(__filename);

interface Schema {
  $defs: Record<string, { properties: Record<string, unknown> }>;
}

/**
 * Checks Istio's MeshConfig against the schema of Istio's API (schema.json, made by main.go): istiod stops at a field
 * that it does not know, and every pod with it.
 */
export function checkMeshConfig(config: Record<string, unknown>, notes: Notes): void {
  // Most stacks have none, and need neither schema nor validator.
  if (Object.keys(config).length > 0) {
    const validate = validator();
    validate(config);
    validate.errors?.forEach((error) => {
      const { path, value, fix } = problemOf(error);
      notes.problem(path.join("."), value, fix);
    });
  }
}

let compiled: ValidateFunction | undefined;

function validator(): ValidateFunction {
  if (compiled === undefined) {
    const { Ajv } = requireLate("ajv") as typeof AjvModule;
    // The schema is generated and right; these spare half of the time that a validator takes to be made.
    const fast = { validateSchema: false, inlineRefs: false, code: { optimize: false } };
    const options = { allErrors: true, strict: false, verbose: true, ...fast };
    compiled = new Ajv(options).compile(requireLate("./schema.json") as Schema);
  }
  return compiled;
}

function problemOf(error: ErrorObject): { path: string[]; value: unknown; fix: string } {
  const path = error.instancePath.split("/").slice(1).map(unescaped);
  const value: unknown = error.data;
  switch (error.keyword) {
    case "additionalProperties": {
      const name = String((error.params as { additionalProperty: string }).additionalProperty);
      const known = Object.keys((error.parentSchema as Schema["$defs"][string]).properties).filter(
        (one) => !one.includes("_"),
      );
      const held = (value as Record<string, unknown>)[name];
      return {
        path: [...path, name],
        value: held,
        fix: noSuch("field of Istio's MeshConfig", name, known, listed(known)),
      };
    }
    case "enum":
      return { path, value, fix: `use one of ${(error.schema as string[]).join(", ")}` };
    default: {
      // The only texts of a certain form in this schema are durations.
      const isDuration = "pattern" in (error.parentSchema ?? {});
      const types = [error.schema].flat().map((type) => kinds.get(type as string) ?? String(type));
      return { path, value, fix: isDuration ? durationFix : `use ${types.join(" or ")}` };
    }
  }
}

const durationFix = "use a duration with its unit, such as 250ms, 10s or 1m30s";

/** What the types of JSON Schema are called in messages. */
const kinds: ReadonlyMap<string, string> = new Map([
  ["string", "a text"],
  ["array", "a list"],
  ["object", "an object"],
  ["boolean", "true or false"],
  ["integer", "a whole number"],
  ["number", "a number"],
]);

/** A JSON pointer writes / and ~ so. */
function unescaped(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** Most names that an error lists. */
const mostListed = 12;

function listed(known: readonly string[]): string {
  return known.length > mostListed ? "see Istio's reference of MeshConfig" : `use one of ${known.join(", ")}`;
}
