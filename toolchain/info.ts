import { readFileSync } from "node:fs";
import { join } from "node:path";
import { requiredVersion } from "./binaries/goMod";
import { binaryGroups, istioTag } from "./binaries/groups";
import { type BuildPlan, buildPlan } from "./binaries/plan";
import { CNI_BIN, network } from "./cluster/settings";
import { type ImageSources, hub } from "./images/catalog";
import { unpackedFolder } from "./install/debian";
import { envoyFolder } from "./install/envoy";
import { BUSYBOX_VERSION, busyboxPackage } from "./install/pins";
import { cacheDir, statePaths } from "./paths";

/** What a user of the sandbox has to know. */
export interface SandboxInfo {
  kubeconfig: string;
  context: "sandbox";
  /** Istio's charts: base, istio-control/istio-discovery, gateway. */
  chartsFolder: string;
  /** Registry name and tag of the sandbox's Istio images. */
  hub: typeof hub;
  tag: string;
  /** helm, kubectl and istioctl, of the versions the sandbox was built with. */
  binDir: string;
  /** Where kubelet keeps the logs of pods. */
  podLogsFolder: string;
  /** Where the container runtime looks for CNI plugins, and for their configuration. */
  cniBinFolder: string;
  cniConfFolder: string;
  /** Where NodePorts answer, on this machine only. */
  nodeIp: string;
}

/** Builds without which the cluster cannot start. */
export function corePlans(cache: string = cacheDir()): { core: BuildPlan; httpEcho: BuildPlan } {
  return { core: buildPlan(binaryGroups.core, cache), httpEcho: buildPlan(binaryGroups["http-echo"], cache) };
}

/** Where the images' parts are. */
export function imageSources(cache: string = cacheDir()): ImageSources {
  const { core, httpEcho } = corePlans(cache);
  const version = (plan: BuildPlan, module: string): string =>
    requiredVersion(readFileSync(join(plan.moduleDir, "go.mod"), "utf8"), module);
  return {
    coreBin: core.binDir,
    envoyBootstrap: join(core.folder, "envoy_bootstrap.json"),
    envoy: join(envoyFolder(cache), "envoy"),
    httpEcho: join(httpEcho.binDir, "http-echo"),
    busybox: join(unpackedFolder(busyboxPackage, cache), "busybox"),
    istioTag: istioTag(version(core, "istio.io/istio")),
    coreDnsVersion: version(core, "github.com/coredns/coredns").slice(1),
    httpEchoVersion: version(httpEcho, "github.com/hashicorp/http-echo").slice(1),
    busyboxVersion: BUSYBOX_VERSION,
  };
}

/** What a sandbox would be like, whether there is one or not. Reads the pins, touches nothing. */
export function expectedInfo(): SandboxInfo {
  const { core } = corePlans();
  return {
    kubeconfig: statePaths().kubeconfig,
    context: "sandbox",
    chartsFolder: join(core.folder, "charts"),
    hub,
    tag: imageSources().istioTag,
    binDir: core.binDir,
    podLogsFolder: join(statePaths().logs, "pods"),
    cniBinFolder: CNI_BIN,
    cniConfFolder: join(statePaths().config, "cni"),
    nodeIp: network.node,
  };
}
