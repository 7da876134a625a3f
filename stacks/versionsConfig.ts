import type { Canary, Mirror } from "../components/serviceRoute";
import { weightsAddUp } from "../components/serviceRouteCheck";
import { isDnsLabel } from "../components/validation";
import type { ItemReader } from "./itemReader";

/** One version of a service; what it leaves out is as the service has it. */
export interface VersionConfig {
  version: string;
  weight?: number;
  text?: string;
  image?: string;
  args?: string[];
  env?: Record<string, string>;
  replicas?: number;
}

/** The versions of a service, and who gets which. */
export interface VersionsConfig {
  versions?: VersionConfig[];
  canary?: Canary;
  mirror?: Mirror;
}

/** Keys of an item of `services` that {@link readVersions} reads. */
export const versionsKeys = ["versions", "canary", "mirror"] as const;

/** Longest name of a version: it is a part of names that have 63 characters at most. */
const versionPattern = /^[a-z]([-a-z0-9]{0,14}[a-z0-9])?$/;

/** Names that Istio ignores among the headers of a match, as the reference of HTTPMatchRequest has it. */
const ignoredHeaders = ["uri", "scheme", "method", "authority"];

/** Stands for a name that is missing or wrong, so that the rest can still be judged. */
const unnamed = "unnamed";

/** Reads the versions of a service. */
export function readVersions(item: ItemReader): VersionsConfig {
  const versions = item.objects("versions", ["version", "weight", "text", "image", "args", "env", "replicas"]);
  const parsed = versions?.map(readVersion);
  if (parsed?.length === 0) {
    item.problem("versions", parsed, "declare at least one version, or remove the key");
  }
  const weights = parsed?.map(({ weight }) => weight) ?? [];
  // A weight that is wrong in itself was noted already; its sum adds nothing.
  if (!weightsAddUp(weights) && versions?.every((one, i) => !one.has("weight") || weights[i] !== undefined)) {
    item.problem(
      "versions",
      weights.map((weight) => weight ?? null),
      "the weights have to add to 100, one for each version; or leave all of them out to share requests by pods",
    );
  }
  const names = parsed?.map(({ version }) => version) ?? [];
  names.forEach((name, i) => {
    if (name !== unnamed && names.indexOf(name) < i) {
      item.problem(`versions[${i}].version`, name, "another version has this name; give each its own");
    }
  });
  return { versions: parsed, canary: readCanary(item, names), mirror: readMirror(item, names) };
}

function readVersion(item: ItemReader): VersionConfig {
  const version = item.textLike("version", versionPattern, "use at most 16 of a-z, 0-9 and -, a letter first: v2");
  const weight = item.whole("weight", 0, 100);
  const replicas = item.whole("replicas", 0, 1000);
  if (replicas === 0 && weight !== undefined && weight > 0) {
    item.problem("replicas", 0, `${weight} percent of the requests go to it; give it a pod, or a weight of 0`);
  }
  return {
    version: item.required("version", version, unnamed, "v2"),
    weight,
    text: item.text("text"),
    image: item.image("image"),
    args: item.value("args", isTexts, "use a list of texts"),
    env: item.variables("env"),
    replicas,
  };
}

function readCanary(item: ItemReader, names: string[]): Canary | undefined {
  const canary = item.object("canary", ["header", "value", "version"]);
  if (!canary) {
    return undefined;
  }
  const header = canary.textLike("header", /^[A-Za-z0-9-]+$/, "use the name of a header, such as x-canary");
  if (header !== undefined && ignoredHeaders.includes(header.toLowerCase())) {
    canary.problem("header", header, "Istio ignores this name in matches of headers; use another, such as x-canary");
  }
  return {
    header: canary.required("header", header, unnamed, "x-canary"),
    value: canary.text("value"),
    version: readSubset(canary, names),
  };
}

function readMirror(item: ItemReader, names: string[]): Mirror | undefined {
  const mirror = item.object("mirror", ["version", "percent"]);
  return mirror && { version: readSubset(mirror, names), percent: mirror.percent("percent") ?? 100 };
}

/** @returns the version that a canary or mirror names, which must be one of the service's. */
function readSubset(item: ItemReader, names: string[]): string {
  const version = item.required("version", item.text("version"), "", "v2");
  if (version !== "" && !names.includes(version)) {
    const known =
      names.length > 0
        ? `it has ${names.filter((name) => name !== unnamed).join(", ")}`
        : "it has none; declare versions";
    item.problem("version", version, `the service has no such version; ${known}`);
  }
  return version;
}

/** @returns true if `name` can be a part of the names of a service's version. */
export function fitsInNames(service: string, version: string): boolean {
  return isDnsLabel(`${service}-${version}`);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
