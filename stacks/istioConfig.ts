import { existsSync } from "node:fs";
import { chartsMissingFrom, parseChartSource } from "../components/helmChart";
import type { Injector } from "../components/istio";
import { OutboundTraffic, type CanaryControlPlane } from "../components/istioValues";
import { isRegistry } from "../components/imageReference";
import { isDnsLabel } from "../components/validation";
import { istioChartRepo, istioHub, istioVersion } from "../components/versions";
import { z } from "zod";
import type { ConfigReader, Notes } from "./configReader";
import { checkMeshConfig } from "./meshConfig/checkMeshConfig";
import { flag, item, key, nodeFolder, oneOf, required, text, textThat } from "./schema";
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

const version = textThat((v) => /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(v), `use a full version such as ${istioVersion}`);

const tag = textThat((v) => /^\w[\w.-]{0,127}$/.test(v), `use an image tag such as ${istioVersion}`);

const revision = textThat(isDnsLabel, "use a DNS label such as v1-31-4: a letter first, then letters, digits and -");

const canaryItem = item({
  revision: required(revision, "canary", "v1-32-0"),
  version: version.optional(),
  tag: tag.optional(),
});

/** Keys of Istio. */
export const istioKeys = {
  istioVersion: key(
    "Version of Istio's charts, and of its images unless istioTag says otherwise.",
    version,
    istioVersion,
  ),
  istioCharts: key(
    "Where Istio's charts come from, a Helm repository (https://...), an OCI registry (oci://...) or a local folder.",
    text,
    istioChartRepo,
  ),
  istioHub: key(
    "Registry and path of Istio's images, for example registry.example/istio.",
    textThat(isRegistry, "use registry/path in lower case, no scheme and no / at the end"),
    istioHub,
  ),
  istioTag: key("Tag of Istio's images. auto takes istioVersion.", tag),
  istioRevision: key(
    "Revision of the control plane, for canary upgrades. auto installs the default revision.",
    revision,
  ),
  istioCanary: key(
    "A second control plane beside the first, for an upgrade in steps (docs/upgrade.md), with revision and optionally version and tag.",
    canaryItem,
  ),
  istioInjector: key(
    "Which control plane runs gateways and sidecars, stable (the first) or canary (istioCanary).",
    oneOf(["stable", "canary"]),
    "stable",
  ),
  istioMeshConfig: key(
    "Istio's MeshConfig, as its chart takes it.",
    z.record(z.string(), z.unknown(), "use an object"),
    {},
  ),
  istioCni: key("Install istio-cni, which redirects traffic for the pods, so that none needs NET_ADMIN.", flag, false),
  istioCniBinFolder: key(
    "Folder of the nodes' CNI plugins, for istioCni. auto is /opt/cni/bin, or what GKE has.",
    nodeFolder,
  ),
  istioCniConfFolder: key("Folder of the nodes' CNI configuration, for istioCni. auto is /etc/cni/net.d.", nodeFolder),
};

/** Notes each field of MeshConfig that would undo what another key, or the stack itself, decides. */
function rejectOtherKeys(config: Record<string, unknown>, notes: Notes): void {
  const { mode } = (config.outboundTrafficPolicy ?? {}) as { mode?: unknown };
  if (Object.values(OutboundTraffic).some((known) => known === mode)) {
    notes.problem("outboundTrafficPolicy.mode", mode, "the key outboundTraffic sets it; use that");
  }
  for (const [field, fix] of [
    ["enableTracing", "the key tracingBackend sets it; use that"],
    ["rootNamespace", "the policies for the whole mesh are in Istio's own namespace; remove it"],
  ] as const) {
    if (config[field] !== undefined) {
      notes.problem(field, config[field], fix);
    }
  }
}

/** Reads the keys of Istio. */
export function readIstio(reader: ConfigReader, profile: ProfileName): IstioConfig {
  const own = reader.read(istioKeys);
  const stable = { version: own.istioVersion, tag: own.istioTag ?? own.istioVersion, revision: own.istioRevision };
  const canary = own.istioCanary && completeCanary(own.istioCanary, reader.in("istioCanary"), stable);
  for (const [key, moving] of Object.entries({
    istioTag: stable.tag,
    "istioCanary.tag": canary?.tag ?? istioVersion,
  })) {
    if (profile === "prod" && isMovingTag(moving)) {
      const fix = `this tag moves, so that two pods may run two versions; use one that stays, such as ${istioVersion}`;
      reader.problem(key, moving, fix);
    }
  }
  if (own.istioInjector === "canary" && canary === undefined) {
    reader.problem("istioInjector", own.istioInjector, "there is no canary; declare istioCanary, or use stable");
  }
  checkCharts(own.istioCharts, reader, own.istioCni);
  if (!own.istioCni) {
    reader.rejectUnused(own, ["istioCniBinFolder", "istioCniConfFolder"], "istioCni: true");
  }
  checkMeshConfig(own.istioMeshConfig, reader.in("istioMeshConfig"));
  rejectOtherKeys(own.istioMeshConfig, reader.in("istioMeshConfig"));
  return {
    ...stable,
    charts: own.istioCharts,
    hub: own.istioHub,
    canary,
    injector: own.istioInjector,
    meshConfig: own.istioMeshConfig,
    cni: own.istioCni,
    cniFolders: { bin: own.istioCniBinFolder, conf: own.istioCniConfFolder },
  };
}

/**
 * @returns true for a tag that is moved to each new build: `latest`, a minor version such as `1.31`, and Istio's
 * `1.31-dev`.
 */
function isMovingTag(tag: string): boolean {
  return !/^\d+\.\d+\.\d+/.test(tag) && !/[0-9a-f]{12,}/.test(tag);
}

/**
 * Minor versions that an upgrade by revision may leave out is one: two steps. As Istio's documentation of canary
 * upgrades has it.
 */
const mostMinors = 2;

function completeCanary(
  own: z.output<typeof canaryItem>,
  notes: Notes,
  stable: Pick<IstioConfig, "version" | "tag" | "revision">,
): CanaryControlPlane {
  const { revision, version = stable.version, tag = own.version ?? stable.tag } = own;
  if (revision === stable.revision) {
    notes.problem("revision", revision, "istioRevision is the same; two control planes need two revisions");
  }
  const [major, minor] = version.split(".").map(Number);
  const [ownMajor, ownMinor] = stable.version.split(".").map(Number);
  if (major !== ownMajor || Math.abs(minor! - ownMinor!) > mostMinors) {
    const fix = `from ${stable.version} Istio can be moved by ${mostMinors} minor versions at once; go there in steps`;
    notes.problem("version", version, fix);
  }
  return { revision, version, tag };
}

function checkCharts(value: string, notes: Notes, cni: boolean): void {
  const key = "istioCharts";
  const source = parseChartSource(value);
  if (source.kind !== "folder" && !/^\w+:\/\/[^\s/]/.test(source.url)) {
    notes.problem(key, value, "no such URL; use https://HOST/PATH, oci://HOST/PATH or the path of a folder");
  }
  if (source.kind === "folder") {
    const missing = [...chartsMissingFrom(source.path), ...(cni ? chartsMissingFrom(source.path, ["cni"]) : [])];
    if (!existsSync(source.path)) {
      const fix = "no such folder; use https://..., oci://... or the path of a folder with Istio's charts";
      notes.problem(key, value, fix);
    } else if (missing.length > 0) {
      notes.problem(key, value, `this folder lacks the chart ${missing.join(", ")}; fetch it with helm pull --untar`);
    }
  }
}
