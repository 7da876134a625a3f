import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as components from "./index";

/** What is read of Pulumi's schema of a property. */
interface PropertySchema {
  $ref?: string;
  plain?: boolean;
  items?: PropertySchema;
  additionalProperties?: PropertySchema;
}

/** What is read of the schema that packageSchema.ts makes. */
export interface PackageSchema {
  version: string;
  resources: Record<
    string,
    { inputProperties: Record<string, PropertySchema>; properties: Record<string, PropertySchema> }
  >;
  types: Record<string, { properties?: Record<string, PropertySchema> }>;
}

type ComponentClass = new (
  name: string,
  args: object,
  options: pulumi.ComponentResourceOptions,
) => pulumi.ComponentResource;

/** The components of the package by their type. */
const classes: Record<string, ComponentClass | undefined> = Object.fromEntries(
  Object.entries(components).flatMap(([name, value]) =>
    typeof value === "function" ? [[`sidecar-mesh:index:${name}`, value as ComponentClass]] : [],
  ),
);

/**
 * @returns the paths of args that are outputs or secrets, where a component has to know the value before: it decides by
 * them what to declare. Pure.
 */
export function lateInputs(schema: PackageSchema, type: string, inputs: object): string[] {
  const ofObject = (properties: Record<string, PropertySchema>, value: object, at: string): string[] =>
    Object.entries(value).flatMap(([key, one]) => of(properties[key], one, at === "" ? key : `${at}.${key}`));
  const of = (property: PropertySchema | undefined, value: unknown, at: string): string[] => {
    if (pulumi.Output.isInstance(value)) {
      return property?.plain ? [at] : [];
    }
    if (typeof value !== "object" || value === null || property === undefined) {
      return [];
    }
    if (Array.isArray(value)) {
      return value.flatMap((item, i) => of(property.items, item, `${at}[${i}]`));
    }
    const properties = schema.types[property.$ref?.replace("#/types/", "") ?? ""]?.properties;
    return properties
      ? ofObject(properties, value, at)
      : Object.entries(value).flatMap(([key, one]) => of(property.additionalProperties, one, `${at}.${key}`));
  };
  return ofObject(schema.resources[type]?.inputProperties ?? {}, inputs, "");
}

/** @returns the provider of the package's components, for Pulumi programs in any language. */
export function componentProvider(schema: string): pulumi.provider.Provider {
  const parsed = JSON.parse(schema) as PackageSchema;
  return {
    version: parsed.version,
    schema,
    construct(name, type, inputs, options) {
      const component = classes[type];
      if (!component) {
        const known = Object.keys(classes).join(", ");
        throw new Error(`${name} has type ${type}, which this package does not have: use one of ${known}`);
      }
      const late = lateInputs(parsed, type, inputs);
      if (late.length > 0) {
        const fix = "an output or a secret can not decide what is declared; give the value itself";
        // No InputPropertiesError: Pulumi 3.274 prints the values of its properties, and panics at one that is not
        // known yet.
        throw new Error(`invalid args of ${name}: ${late.map((path) => `${path}: ${fix}`).join("; ")}`);
      }
      const instance = new component(name, inputs, options);
      const outputs = Object.keys(parsed.resources[type]!.properties);
      const values = instance as unknown as Record<string, unknown>;
      return Promise.resolve({
        urn: instance.urn,
        state: Object.fromEntries(outputs.map((output) => [output, values[output]])),
      });
    },
  };
}

// Pulumi loads this file as the program of the plugin.
if (process.argv[1]?.includes("run-plugin")) {
  const schema = readFileSync(join(__dirname, "schema.json"), "utf8");
  void pulumi.provider.main(componentProvider(schema), process.argv.slice(2));
}
