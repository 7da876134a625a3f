/** Turns the resources of a Pulumi program into the declared mesh. */
import { install, type Release } from "./helm";
import { Mesh, type MeshInput } from "./mesh";
import { groupAndVersion } from "./manifests";
import { makeResource, type RawResource, type Resource } from "./resource";
import { isMap } from "../../common/isMap";
import { known, lateFields, merge, UnknownValue } from "./unknown";

/** A resource as a Pulumi program registers it. */
export interface ProgramResource {
  /** The type token: `kubernetes:apps/v1:Deployment`. */
  type: string;
  /** The logical name. */
  name?: string;
  urn?: string;
  props: Record<string, unknown>;
  /** The URNs of the resources that it depends on. */
  dependencies?: readonly string[];
  /** The URN of its parent. */
  parent?: string;
  /** The namespace that its provider puts resources in which name none. */
  defaultNamespace?: string;
}

/** What stands for a value that is not known yet, in the properties of a program's resources. */
export const unknown: unique symbol = Symbol("unknown until deployed");

/** The strings that the engine sends in the place of unknown values, one for each type. */
const unknownStrings = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Kinds whose Pulumi resource only changes some fields of an object; of a Namespace those are what matters here. */
const patchSuffix = "Patch";

export function isUnknown(value: unknown): boolean {
  if (value === unknown || (typeof value === "string" && unknownStrings.has(value))) {
    return true;
  }
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const marked = value as { __pulumiUnknown?: unknown; __pulumiOutput?: unknown };
  return marked.__pulumiUnknown === true || marked.__pulumiOutput === true;
}

/**
 * Copies properties. Whatever is not known yet becomes a field that throws UnknownValue when read, so that a rule is
 * stopped exactly when it needs that value. The policy SDK's proxies throw an error of their own; both are taken.
 */
function copy(value: unknown, path: string): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const target: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : {};
  for (const key of Object.keys(value)) {
    const at = path === "" ? key : `${path}.${key}`;
    let item: unknown;
    try {
      item = (value as Record<string, unknown>)[key];
      if (isUnknown(item)) {
        throw new UnknownValue(at);
      }
      item = copy(item, at);
    } catch (error) {
      if (!(error instanceof UnknownValue) && (error as Error).constructor.name !== "UnknownValueError") {
        throw error;
      }
      const get = (): never => {
        throw new UnknownValue(at);
      };
      Object.defineProperty(target, key, { get, enumerable: true, configurable: true });
      continue;
    }
    Object.defineProperty(target, key, { value: item, enumerable: true, configurable: true, writable: true });
  }
  return target;
}

const token = /^kubernetes:(.+)\/([^/:]+):(\w+)$/;

/** Group, version and kind of a type token; undefined for what is no Kubernetes object. */
function typeOf(resource: ProgramResource): { group: string; version: string; kind: string } | undefined {
  const match = token.exec(resource.type);
  if (match === null) {
    return undefined;
  }
  const [, group = "", version = "", kind = ""] = match;
  return { group: group === "core" ? "" : group, version, kind };
}

function releaseOf(resource: ProgramResource, props: Record<string, unknown>): Release {
  const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  const { urn, dependencies = [] } = resource;
  return lateFields<Release>({
    chart: () => text(props["chart"]) ?? "",
    name: () => text(props["name"]) ?? resource.name ?? "",
    namespace: () => text(props["namespace"]) ?? resource.defaultNamespace ?? "default",
    values: () => (isMap(props["values"]) ? props["values"] : {}),
    ...(urn !== undefined && { urn: () => urn }),
    dependencies: () => dependencies,
  });
}

/** Builds the declared mesh from the resources of a program. */
export function meshOfProgram(program: readonly ProgramResource[], meshConfig?: Record<string, unknown>): Mesh {
  const input = {
    resources: [] as Resource[],
    injectors: [] as NonNullable<MeshInput["injectors"]>,
    meshConfig: merge(meshConfig),
    opaqueNamespaces: [] as string[],
    namelessKinds: [] as string[],
    unknownWorkloads: false,
    ordered: program.some(({ dependencies }) => dependencies !== undefined),
    cni: false,
  };
  const children = new Map<string, string[]>();
  for (const { urn, parent } of program) {
    if (urn !== undefined && parent !== undefined) {
      children.set(parent, [...(children.get(parent) ?? []), urn]);
    }
  }
  const byUrn = new Map(program.flatMap((resource) => (resource.urn === undefined ? [] : [[resource.urn, resource]])));
  // A resource is registered only after its parent, and the parent only after what it depends on.
  const withAncestors = ({ dependencies = [], parent }: ProgramResource): readonly string[] => {
    const above = parent === undefined ? undefined : byUrn.get(parent);
    return above === undefined ? dependencies : [...dependencies, ...withAncestors(above)];
  };
  const below = (urn: string): string[] => [urn, ...(children.get(urn) ?? []).flatMap(below)];

  for (const resource of program) {
    const type = typeOf(resource);
    if (type === undefined) {
      continue;
    }
    const props = copy(resource.props, "") as Record<string, unknown>;
    // Waiting for a component means waiting for all that it holds.
    const dependencies = [...new Set(withAncestors(resource).flatMap(below))];
    if (type.group === "helm.sh") {
      const release = releaseOf({ ...resource, dependencies }, props);
      const installed = install(release);
      input.resources.push(...installed.resources);
      if (installed.injector !== undefined) {
        input.injectors.push(installed.injector);
      }
      input.meshConfig = merge(input.meshConfig, installed.meshConfig);
      input.cni ||= installed.cni ?? false;
      input.unknownWorkloads ||= installed.unknownWorkloads ?? false;
      if (installed.opaque) {
        input.opaqueNamespaces.push(known(() => release.namespace) ?? "*");
      }
      continue;
    }
    const common = {
      ...(resource.defaultNamespace !== undefined && { defaultNamespace: resource.defaultNamespace }),
      ...(resource.urn !== undefined && { urn: resource.urn }),
      dependencies,
    };
    const items = known(() => props["items"]);
    if (type.kind.endsWith("List") && Array.isArray(items)) {
      for (const item of items.filter(isMap)) {
        const { apiVersion, kind } = item;
        if (typeof apiVersion !== "string" || typeof kind !== "string") {
          continue;
        }
        add({ ...common, ...groupAndVersion(apiVersion), kind, value: item }, resource);
      }
      continue;
    }
    const kind = type.kind.endsWith(patchSuffix) ? type.kind.slice(0, -patchSuffix.length) : type.kind;
    if (kind === type.kind || kind === "Namespace") {
      add({ ...common, ...type, kind, value: props }, resource);
    }
  }
  return new Mesh(input);

  function add(raw: RawResource, resource: ProgramResource): void {
    const metadata = known(() => raw.value["metadata"] ?? {}) ?? unknownMetadata();
    const identity = known(() => {
      const { name, namespace } = metadata as { name?: string; namespace?: string };
      return { name, namespace };
    });
    if (identity === undefined) {
      input.namelessKinds.push(raw.kind);
    }
    // Pulumi makes up a name where the program gives none; then nothing can refer to it by name.
    const name = known(() => (metadata as { name?: string }).name) ?? resource.name ?? raw.kind;
    const named = { value: merge(metadata, { name }), enumerable: true, configurable: true, writable: true };
    Object.defineProperty(raw.value, "metadata", named);
    input.resources.push(makeResource(raw));
  }
}

/** What stands for metadata that is not known yet as a whole. */
function unknownMetadata(): object {
  return lateFields({
    namespace: () => unknownValue("metadata.namespace"),
    labels: () => unknownValue("metadata.labels"),
    annotations: () => unknownValue("metadata.annotations"),
  });
}

function unknownValue(path: string): never {
  throw new UnknownValue(path);
}
