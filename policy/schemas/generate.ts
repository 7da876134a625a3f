/**
 * Writes what the rules know of Istio's and the Gateway API's resources: JSON schemas of their fields, the annotations
 * of Istio, and schemas of its mesh and proxy configuration. The sources are the Go modules that
 * toolchain/binaries/core pins: the definitions of Istio's base chart, those of the Gateway API, and the annotations
 * and protocol buffers of istio.io/api. It also fills the chart that installs the Gateway API's definitions.
 *
 *   npm run schemas
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { load, loadAll } from "js-yaml";
import { parse as parseProto, Enum, MapField, Type, type Field, Root, type Namespace } from "protobufjs";
import { isMap } from "../../common/isMap";

type Schema = Record<string, unknown>;

function moduleOf(name: string): { Dir: string; Version: string } {
  const cwd = join(__dirname, "../../toolchain/binaries/core");
  return JSON.parse(execFileSync("go", ["mod", "download", "-json", name], { cwd, encoding: "utf8" })) as {
    Dir: string;
    Version: string;
  };
}

function moduleFolder(name: string): string {
  return moduleOf(name).Dir;
}

/**
 * Drops what no check needs, and closes each object whose fields are listed: a field that is not among them is a
 * mistake.
 */
function tidy(schema: unknown): unknown {
  if (Array.isArray(schema)) {
    return schema.map(tidy);
  }
  if (!isMap(schema)) {
    return schema;
  }
  const dropped = new Set(["description", "format", "default", "example", "title"]);
  const entries = Object.entries(schema).filter(([key]) => !dropped.has(key) && !key.startsWith("x-kubernetes"));
  const kept: Schema = Object.fromEntries(
    entries.map(([key, value]) => [
      key,
      key === "properties" && isMap(value)
        ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, tidy(one)]))
        : tidy(value),
    ]),
  );
  if (schema["x-kubernetes-int-or-string"] === true) {
    const { anyOf: _, ...rest } = kept;
    return { ...rest, type: ["integer", "string"] };
  }
  const open = schema["x-kubernetes-preserve-unknown-fields"] === true || "additionalProperties" in schema;
  return isMap(schema["properties"]) && schema["type"] === "object" && !open
    ? { ...kept, additionalProperties: false }
    : kept;
}

/** Parts below this length are not worth a reference. */
const minShared = 150;

/**
 * Puts parts that a schema has more than once under its `$defs`: definitions of custom resources repeat the settings of
 * ports and subsets, and compiling each copy takes its time in every run.
 */
function share(schema: Schema): Schema {
  const counts = new Map<string, number>();
  const count = (part: unknown): void => {
    if (typeof part !== "object" || part === null) {
      return;
    }
    const text = JSON.stringify(part);
    const before = counts.get(text) ?? 0;
    counts.set(text, before + 1);
    if (before === 0) {
      Object.values(part).forEach(count);
    }
  };
  count(schema);
  const names = new Map<string, string>();
  const $defs: Schema = {};
  const refer = (part: unknown, isSchema: boolean): unknown => {
    if (Array.isArray(part)) {
      return part.map((item) => refer(item, true));
    }
    if (!isMap(part)) {
      return part;
    }
    // What stands under `properties` is a map of schemas, and none itself.
    const inner = (): Schema =>
      Object.fromEntries(
        Object.entries(part).map(([key, value]) => [key, refer(value, !isSchema || key !== "properties")]),
      );
    const text = JSON.stringify(part);
    if (!isSchema || text.length < minShared || (counts.get(text) ?? 0) < 2) {
      return inner();
    }
    const name = names.get(text) ?? `part${names.size + 1}`;
    if (!names.has(text)) {
      names.set(text, name);
      $defs[name] = inner();
    }
    return { $ref: `#/$defs/${name}` };
  };
  const shared = refer(schema, true) as Schema;
  return names.size === 0 ? schema : { ...shared, $defs };
}

interface Definition {
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; served: boolean; schema: { openAPIV3Schema: { properties: Schema } } }[];
  };
}

/** Versions and the schema of each kind that some files of custom resource definitions define. */
function definitions(files: readonly string[]): Schema {
  const kinds: Schema = {};
  for (const file of files) {
    for (const one of loadAll(readFileSync(file, "utf8")) as (Definition | undefined)[]) {
      if (one?.spec?.names?.kind === undefined) {
        continue;
      }
      const { group, names, versions } = one.spec;
      // Each kind has one schema in all of its versions, but for fields that older versions lack.
      const schema = versions[0]!.schema.openAPIV3Schema;
      const { apiVersion: _a, kind: _k, metadata: _m, status: _s, ...properties } = schema.properties;
      const fields = tidy({ ...schema, properties }) as Schema;
      kinds[`${group}/${names.kind}`] = {
        versions: versions.filter(({ served }) => served).map(({ name }) => name),
        schema: share({ ...fields, properties: { ...(fields["properties"] as Schema), status: {} } }),
      };
    }
  }
  return kinds;
}

interface AnnotationEntry {
  name: string;
  featureStatus?: string;
  deprecated: boolean;
  resources: string[];
}

function annotations(file: string): Schema {
  const [{ annotations: list }] = loadAll(readFileSync(file, "utf8")) as [{ annotations: AnnotationEntry[] }];
  const sorted = [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Object.fromEntries(
    sorted.map(({ name, featureStatus = "alpha", deprecated, resources }) => [
      name,
      { maturity: featureStatus.toLowerCase(), deprecated, targets: resources },
    ]),
  );
}

const scalars: Readonly<Record<string, Schema>> = {
  string: { type: "string" },
  bool: { type: "boolean" },
  double: { type: "number" },
  float: { type: "number" },
  bytes: { type: "string" },
  "google.protobuf.Duration": { type: "string", pattern: "^(\\d+(\\.\\d+)?(h|m|s|ms|us|ns))+$" },
  "google.protobuf.BoolValue": { type: "boolean" },
  "google.protobuf.StringValue": { type: "string" },
  "google.protobuf.DoubleValue": { type: "number" },
};
const integer = /^(u?int|s?fixed|sint)(32|64)$|^google\.protobuf\.U?Int(32|64)Value$/;

/** The schemas of two messages of istio.io/api's protocol buffers, with those that they refer to. */
function messages(folder: string): Schema {
  const root = new Root();
  for (const file of ["config.proto", "network.proto", "proxy.proto"]) {
    parseProto(readFileSync(join(folder, file), "utf8"), root, { keepCase: false });
  }
  const mesh = root.lookup("istio.mesh.v1alpha1") as Namespace;
  const $defs: Record<string, Schema> = {};
  const valueOf = (field: Field, parent: Type): Schema => {
    const { type } = field;
    const known = scalars[type];
    if (known !== undefined) {
      return known;
    }
    if (integer.test(type)) {
      return { type: ["integer", "string"], pattern: "^-?\\d+$" };
    }
    const found = parent.lookup(type, [Type, Enum]) ?? mesh.lookup(type, [Type, Enum]);
    if (found instanceof Enum) {
      return { enum: [...Object.keys(found.values), ...Object.values(found.values)] };
    }
    return found instanceof Type ? message(found) : {};
  };
  const message = (type: Type): Schema => {
    const name = type.fullName.replace(/^\.istio\.mesh\.v1alpha1\./, "");
    if ($defs[name] === undefined) {
      const properties: Schema = {};
      $defs[name] = { type: "object", properties, additionalProperties: false };
      for (const field of type.fieldsArray) {
        const one = valueOf(field, type);
        const value =
          field instanceof MapField
            ? { type: "object", additionalProperties: one }
            : field.repeated
              ? { type: "array", items: one }
              : one;
        // Protocol buffers in JSON are read under either name.
        properties[field.name] = value;
        properties[field.name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] = value;
      }
    }
    return { $ref: `#/$defs/${name}` };
  };
  message(mesh.lookupType("MeshConfig"));
  message(mesh.lookupType("ProxyConfig"));
  return { $defs };
}

function write(name: string, value: unknown): void {
  writeFileSync(join(__dirname, name), `${JSON.stringify(value, undefined, 1)}\n`);
}

/** The kinds that ingressRoutes.ts declares, and those without which Istio serves none of them. */
const installedKinds = ["gatewayclasses", "gateways", "httproutes", "referencegrants"];

/** Fills the chart with definitions as they are, but for the descriptions of fields, which are most of their length. */
function gatewayApiChart(version: string, definitionsFolder: string): void {
  const folder = join(__dirname, "../../components/charts/gateway-api");
  const isText = (key: string, value: unknown) => key === "description" && typeof value === "string";
  mkdirSync(join(folder, "definitions"), { recursive: true });
  for (const kind of installedKinds) {
    const file = join(definitionsFolder, `gateway.networking.k8s.io_${kind}.yaml`);
    const text = JSON.stringify(load(readFileSync(file, "utf8")), (key, value: unknown) =>
      isText(key, value) ? undefined : value,
    );
    writeFileSync(join(folder, "definitions", `${kind}.json`), `${text}\n`);
  }
  const number = version.replace(/^v/, "");
  writeFileSync(
    join(folder, "Chart.yaml"),
    `apiVersion: v2\nname: gateway-api\ndescription: Resource definitions of the Kubernetes Gateway API, experimental channel\nversion: ${number}\nappVersion: ${version}\n`,
  );
}

const istio = moduleFolder("istio.io/istio");
const api = moduleFolder("istio.io/api");
const gatewayApiModule = moduleOf("sigs.k8s.io/gateway-api");
const gatewayApi = join(gatewayApiModule.Dir, "config/crd/experimental");
gatewayApiChart(gatewayApiModule.Version, gatewayApi);
write("istio.json", definitions([join(istio, "manifests/charts/base/files/crd-all.gen.yaml")]));
write(
  "gatewayApi.json",
  definitions(
    readdirSync(gatewayApi)
      .filter((name) => name.startsWith("gateway.networking.") && !name.includes("_vap_"))
      .map((name) => join(gatewayApi, name)),
  ),
);
write("annotations.json", annotations(join(api, "annotation/annotations.yaml")));
write("meshConfig.json", messages(join(api, "mesh/v1alpha1")));
