import { existsSync } from "node:fs";
import { chartsMissingFrom, parseChartSource } from "../components/helmChart";
import type { Injector } from "../components/istio";
import type { CanaryControlPlane } from "../components/istioValues";
import { isRegistry } from "../components/imageReference";
import { isDnsLabel } from "../components/validation";
import { istioChartRepo, istioHub, istioVersion } from "../components/versions";
import type { ConfigReader } from "./configReader";
import { ItemReader } from "./itemReader";
import { readMeshConfig } from "./meshConfig/readMeshConfig";
import type { ProfileName } from "./profile";

/** What config says of Istio. */
export interface IstioConfig {
  version: string;
  charts: string;
  hub: string;
  tag: string;
  revision?: string;
  /** A second control plane beside the first. */
  canary?: CanaryControlPlane;
  /** Which of the two injects pods. */
  injector: Injector;
  meshConfig: Record<string, unknown>;
  egressGateway: boolean;
  /** Install istio-cni. */
  cni: boolean;
  /** Where the nodes have their CNI plugins and configuration; undefined where the chart looks for them. */
  cniFolders: { bin?: string; conf?: string };
}

/** @returns revision and tag of the control plane that injects pods. */
export function injectorOf({
  canary,
  injector,
  ...stable
}: Pick<IstioConfig, "canary" | "injector" | "revision" | "tag">): { revision?: string; tag: string } {
  return injector === "canary" && canary ? canary : stable;
}

/** Reads the keys of Istio. */
export function readIstio(reader: ConfigReader, profile: ProfileName): IstioConfig {
  const version = reader.textThat("istioVersion", istioVersion, isVersion, versionFix);
  const cni = reader.boolean("istioCni", false);
  const tag = reader.textThat("istioTag", version, isTag, tagFix);
  const revision = reader.textThat("istioRevision", undefined, isDnsLabel, revisionFix);
  const canary = readCanary(reader, { version, tag, revision });
  for (const [key, moving] of Object.entries({ istioTag: tag, "istioCanary.tag": canary?.tag ?? version })) {
    if (profile === "prod" && isMovingTag(moving)) {
      reader.problem(
        key,
        moving,
        `this tag moves, so that two pods may run two versions; use one that stays, such as ${istioVersion}`,
      );
    }
  }
  const injector = reader.oneOf("istioInjector", ["stable", "canary"], "stable");
  if (injector === "canary" && canary === undefined) {
    reader.problem("istioInjector", injector, "there is no canary; declare istioCanary, or use stable");
  }
  return {
    version,
    charts: readCharts(reader, cni),
    hub: reader.textThat(
      "istioHub",
      istioHub,
      isRegistry,
      "use registry/path in lower case, no scheme and no / at the end",
    ),
    tag,
    revision,
    canary,
    injector,
    meshConfig: readMeshConfig(reader),
    egressGateway: reader.boolean("egressGateway", false),
    cni,
    cniFolders: { bin: readFolder(reader, "istioCniBinFolder"), conf: readFolder(reader, "istioCniConfFolder") },
  };
}

function readFolder(reader: ConfigReader, key: string): string | undefined {
  return reader.textThat(key, undefined, (v) => /^\/[\w./-]+$/.test(v), "use an absolute path of the nodes");
}

const versionFix = "use a full version such as 1.31.4";
const tagFix = "use an image tag such as 1.31.4";
const revisionFix = "use a DNS label such as v1-31-4: a letter first, then letters, digits and -";

function isVersion(value: unknown): value is string {
  return typeof value === "string" && /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(value);
}

function isTag(value: unknown): value is string {
  return typeof value === "string" && /^\w[\w.-]{0,127}$/.test(value);
}

/** @returns true for a tag that is moved to each new build: `latest`, a minor version such as `1.31`, and Istio's `1.31-dev`. */
function isMovingTag(tag: string): boolean {
  return !/^\d+\.\d+\.\d+/.test(tag) && !/[0-9a-f]{12,}/.test(tag);
}

/** Minor versions that an upgrade by revision may leave out is one: two steps. As Istio's documentation of canary upgrades has it. */
const mostMinors = 2;

function readCanary(
  reader: ConfigReader,
  stable: Pick<IstioConfig, "version" | "tag" | "revision">,
): CanaryControlPlane | undefined {
  const key = "istioCanary";
  const content = reader.object(key);
  if (Object.keys(content).length === 0) {
    return undefined;
  }
  const item = new ItemReader(reader, content, key, ["revision", "version", "tag"]);
  const isRevision = (v: unknown): v is string => typeof v === "string" && isDnsLabel(v);
  const revision = item.required("revision", item.value("revision", isRevision, revisionFix), "canary", "v1-32-0");
  if (revision === stable.revision) {
    item.problem("revision", revision, "istioRevision is the same; two control planes need two revisions");
  }
  const version = item.value("version", isVersion, versionFix);
  const [major, minor] = (version ?? stable.version).split(".").map(Number);
  const [ownMajor, ownMinor] = stable.version.split(".").map(Number);
  if (major !== ownMajor || Math.abs(minor! - ownMinor!) > mostMinors) {
    const fix = `from ${stable.version} Istio can be moved by ${mostMinors} minor versions at once; go there in steps`;
    item.problem("version", version, fix);
  }
  const tag = item.value("tag", isTag, tagFix);
  return { revision, version: version ?? stable.version, tag: tag ?? version ?? stable.tag };
}

function readCharts(reader: ConfigReader, cni: boolean): string {
  const key = "istioCharts";
  const value = reader.text(key, istioChartRepo);
  const source = parseChartSource(value);
  if (source.kind !== "folder" && !/^\w+:\/\/[^\s/]/.test(source.url)) {
    reader.problem(key, value, "no such URL; use https://HOST/PATH, oci://HOST/PATH or the path of a folder");
  }
  if (source.kind === "folder") {
    const missing = [...chartsMissingFrom(source.path), ...(cni ? chartsMissingFrom(source.path, ["cni"]) : [])];
    if (!existsSync(source.path)) {
      reader.problem(
        key,
        value,
        "no such folder; use https://..., oci://... or the path of a folder with Istio's charts",
      );
    } else if (missing.length > 0) {
      reader.problem(key, value, `this folder lacks the chart ${missing.join(", ")}; fetch it with helm pull --untar`);
    }
  }
  return value;
}
