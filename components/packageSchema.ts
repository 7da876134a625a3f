import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer";
import { generateSchema } from "@pulumi/pulumi/provider/experimental/schema";
import * as components from "./index";
import manifest from "./package.json";
import type { PackageSchema } from "./provider";

const provider = "sidecar-mesh";

/**
 * Pulumi's own analyzer reads the schema of the package, from which Pulumi makes SDKs, from the types of the
 * components. It takes some seconds: packing writes the schema to a file, so that the plugin need not make it each time
 * it starts.
 * @returns the schema.
 * @throws Error naming a type that the analyzer does not take, or comments that it does not read.
 */
export function packageSchema(): PackageSchema {
  const names = Object.entries(components).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
  const entryPoint = { ...manifest, exports: undefined, main: "index.ts" };
  const analyzed = new Analyzer(__dirname, provider, entryPoint, new Set(names)).analyze();
  const { version, description } = manifest;
  const { typeDefinitions, dependencies } = analyzed;
  const schema = generateSchema(provider, version, description, analyzed.components, typeDefinitions, dependencies);
  const linked = linkedComments(schema);
  if (linked.length > 0) {
    throw new Error(
      `comments have a {@link}, which SDKs can't show, at ${linked.join(", ")}; write \`NAME\` in its place`,
    );
  }
  return schema as PackageSchema;
}

/** @returns where the analyzer found a comment with a link, of which it makes no text. */
function linkedComments(value: unknown, at = ""): string[] {
  if (typeof value === "string") {
    return value.includes("[object Object]") ? [at] : [];
  }
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, one]) => linkedComments(one, `${at}/${key}`))
    : [];
}

if (require.main === module) {
  console.log(JSON.stringify(packageSchema(), undefined, 2));
}
