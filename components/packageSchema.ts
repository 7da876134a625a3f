import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer";
import { generateSchema } from "@pulumi/pulumi/provider/experimental/schema";
import * as components from "./index";
import manifest from "./package.json";

const provider = "sidecar-mesh";

/**
 * Prints Pulumi's schema of the package, from which `pulumi package add` makes SDKs. Pulumi's own analyzer reads it from the types of the
 * components; it throws where it does not know one. Packing runs it, so that it need not run each time the plugin starts.
 */
const names = Object.entries(components).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
const entryPoint = { ...manifest, exports: undefined, main: "index.ts" };
const {
  components: found,
  typeDefinitions,
  dependencies,
} = new Analyzer(__dirname, provider, entryPoint, new Set(names)).analyze();
const schema = generateSchema(provider, manifest.version, manifest.description, found, typeDefinitions, dependencies);
const text = JSON.stringify(schema, undefined, 2);
// The analyzer does not read links.
const linked = /^.*\[object Object\].*$/m.exec(text);
if (linked) {
  throw new Error(`a comment of the package's args has a {@link}, which no SDK can show: ${linked[0]}; use \`NAME\``);
}
console.log(text);
