import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pseudoVersionCommit, requiredVersion } from "./binaries/goMod";
import { binaryGroups, istioTag } from "./binaries/groups";
import { type BuildPlan, buildPlan } from "./binaries/plan";
import { ownDockerAccess, ownDockerIsUsed, ownNetwork } from "./docker/dockerd";
import { type ImageSources, hub } from "./images/catalog";
import { packageFolder } from "./install/debian";
import { envoyFolder } from "./install/envoy";
import { basePackages, BUSYBOX_VERSION } from "./install/pins";
import { clusterContext } from "./kind/cluster";
import { cacheDir, statePaths } from "./paths";

/** What a user of the embedded cluster has to know. */
export interface SandboxInfo {
  kubeconfig: string;
  context: typeof clusterContext;
  /** Istio's charts: base, istio-control/istio-discovery, gateway. */
  chartsFolder: string;
  /** Registry name and tag of Istio's images that were made here. */
  hub: typeof hub;
  tag: string;
  /** kind, helm, kubectl and istioctl, of the versions that the cluster was made with. */
  binDir: string;
  /** Where the ingress gateway's node ports answer, on this machine only. */
  gatewayUrl: string;
  secureGatewayUrl: string;
  /** Address of this machine as pods reach it, if Docker is our own. */
  machineAddress: string;
}

/** Builds without which the cluster cannot start. */
export function corePlans(cache: string = cacheDir()): Record<"core" | "etcd" | "localPath" | "httpEcho", BuildPlan> {
  return {
    core: buildPlan(binaryGroups.core, cache),
    etcd: buildPlan(binaryGroups.etcd, cache),
    localPath: buildPlan(binaryGroups["local-path"], cache),
    httpEcho: buildPlan(binaryGroups["http-echo"], cache),
  };
}

/** Where the images' parts are, and of which versions. Reads the pins, touches nothing. */
export function imageSources(cache: string = cacheDir()): ImageSources {
  const { core, etcd, localPath, httpEcho } = corePlans(cache);
  const version = (plan: BuildPlan, module: string): string =>
    requiredVersion(readFileSync(join(plan.moduleDir, "go.mod"), "utf8"), module);
  return {
    baseFolder: packageFolder(basePackages, cache),
    coreBin: core.binDir,
    etcdBin: etcd.binDir,
    localPathBin: localPath.binDir,
    envoyBootstrap: join(core.folder, "envoy_bootstrap.json"),
    envoy: join(envoyFolder(cache), "envoy"),
    httpEcho: join(httpEcho.binDir, "http-echo"),
    istioTag: istioTag(version(core, "istio.io/istio")),
    versions: {
      kubernetes: version(core, "k8s.io/kubernetes"),
      etcd: version(etcd, "go.etcd.io/etcd/server/v3").slice(1),
      coreDns: version(core, "github.com/coredns/coredns"),
      kubeRouter: version(core, "github.com/cloudnativelabs/kube-router/v2"),
      localPath: version(localPath, "github.com/rancher/local-path-provisioner"),
      metricsServer: version(core, "sigs.k8s.io/metrics-server"),
      httpEcho: version(httpEcho, "github.com/hashicorp/http-echo").slice(1),
      busybox: BUSYBOX_VERSION,
    },
  };
}

/** What the embedded cluster would be like, whether there is one or not. Reads the pins, touches nothing. */
export function expectedInfo(): SandboxInfo {
  const { core } = corePlans();
  return {
    kubeconfig: statePaths().kubeconfig,
    context: clusterContext,
    chartsFolder: join(core.folder, "charts"),
    hub,
    tag: imageSources().istioTag,
    binDir: core.binDir,
    gatewayUrl: "http://localhost:8080",
    secureGatewayUrl: "https://localhost:8443",
    machineAddress: ownNetwork.machine,
  };
}

/** What a shell needs for docker, kind, kubectl, helm and istioctl to go to the embedded cluster. */
export interface ShellEnvironment {
  variables: Record<string, string>;
  /** Folders for the front of PATH. */
  folders: string[];
}

/** What a shell needs for the embedded cluster. A Docker that is not our own is found without it. */
export function shellEnvironment(): ShellEnvironment {
  const { binDir, kubeconfig } = expectedInfo();
  const own = ownDockerIsUsed() ? ownDockerAccess(statePaths(), cacheDir()) : undefined;
  return {
    variables: { KUBECONFIG: kubeconfig, ...(own && { DOCKER_HOST: own.host }) },
    folders: [binDir, ...(own?.folders ?? [])],
  };
}

/** The tag of the rate limit service's image, the commit that is pinned. */
export function rateLimitTag(): string {
  const { moduleDir } = buildPlan(binaryGroups.ratelimit, cacheDir());
  const version = requiredVersion(readFileSync(join(moduleDir, "go.mod"), "utf8"), "github.com/envoyproxy/ratelimit");
  return (pseudoVersionCommit(version) ?? version).slice(0, 8);
}
