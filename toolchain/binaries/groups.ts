import { pseudoVersionCommit, providerVersions } from "./goMod";

/** A Go variable that gets a version at link time, so that a binary says truthfully what it is. */
export interface Stamp {
  module: string;
  variable: string;
  value: (moduleVersion: string) => string;
}

/** Files of a Go module that are wanted beside the binaries. */
export interface ModuleFiles {
  module: string;
  /** A file or folder inside the module. */
  from: string;
  /** Its name in the group's folder. */
  to: string;
}

/** Binaries that are built together, from one go.mod whose `tool` lines name them. */
export interface BinaryGroup {
  /** The folder below toolchain/binaries that holds go.mod and go.sum. */
  name: string;
  /** What `go build` leaves: the last part of each tool's package path. */
  outputs: readonly string[];
  /**
   * Further names of outputs: of programs that act by the name they are called by, or whose package has a name that
   * says nothing.
   */
  links?: Readonly<Record<string, string>>;
  tags?: readonly string[];
  /** Flags of Go's compiler for some packages, as `go build -gcflags` has them. */
  compilerFlags?: string;
  stamps?: readonly Stamp[];
  files?: readonly ModuleFiles[];
  /** Files that a Go program of ours, which lies beside go.mod, embeds; `to` is below that folder. */
  embeds?: readonly ModuleFiles[];
  /**
   * A manifest of the OpenTelemetry Collector's builder, beside go.mod: the program is not a package of any module, its
   * main is generated from this list of parts.
   */
  collectorManifest?: string;
}

const same = (version: string): string => version;
const bare = (version: string): string => version.slice(1);

/** Istio's version in the sandbox: a commit is a development build and never bears a release's name. */
export function istioTag(moduleVersion: string): string {
  const commit = pseudoVersionCommit(moduleVersion);
  return commit ? `dev-${commit}` : `dev-${bare(moduleVersion)}`;
}

const kubernetes = "k8s.io/kubernetes";
const istio = "istio.io/istio";
const helm = "helm.sh/helm/v3";
const kwok = "sigs.k8s.io/kwok";
const kind = "sigs.k8s.io/kind";
const kubeRouter = "github.com/cloudnativelabs/kube-router/v2";
const metricsServer = "sigs.k8s.io/metrics-server";
const pulumiSdk = "github.com/pulumi/pulumi/sdk/v3";
const pulumiYaml = "github.com/pulumi/pulumi-yaml";
const kubernetesProvider = "github.com/pulumi/pulumi-kubernetes/provider/v4";
const providerMain = "pulumi-resource-kubernetes";

/**
 * Every group. To add one: a folder here with a go.mod that has `tool` lines (made with `go get -tool
 * PACKAGE@VERSION`), and a row in this table.
 */
export const binaryGroups = {
  core: {
    name: "core",
    outputs: [
      "kubernetes",
      "coredns",
      "crictl",
      "kube-router",
      "metrics-server",
      "kind",
      "helm",
      "pilot-discovery",
      "pilot-agent",
      "istioctl",
    ],
    links: { kubectl: "kubernetes", kubeadm: "kubernetes", kubelet: "kubernetes" },
    stamps: [
      { module: kubernetes, variable: "k8s.io/component-base/version.gitVersion", value: same },
      {
        module: kubernetes,
        variable: "k8s.io/component-base/version.gitMajor",
        value: (v) => bare(v).split(".")[0] ?? "",
      },
      { module: kubernetes, variable: "k8s.io/component-base/version.gitMinor", value: (v) => v.split(".")[1] ?? "" },
      { module: kubeRouter, variable: `${kubeRouter}/pkg/version.Version`, value: same },
      { module: helm, variable: "helm.sh/helm/v3/internal/version.version", value: same },
      { module: istio, variable: "istio.io/istio/pkg/version.buildVersion", value: istioTag },
      { module: istio, variable: "istio.io/istio/pkg/version.buildTag", value: istioTag },
      {
        module: istio,
        variable: "istio.io/istio/pkg/version.buildGitRevision",
        value: (v) => pseudoVersionCommit(v) ?? v,
      },
      { module: istio, variable: "istio.io/istio/pkg/version.buildHub", value: () => "sandbox.local" },
      { module: istio, variable: "istio.io/istio/pkg/version.buildStatus", value: () => "Sandbox" },
    ],
    files: [
      { module: istio, from: "manifests/charts", to: "charts" },
      { module: istio, from: "tools/packaging/common/envoy_bootstrap.json", to: "envoy_bootstrap.json" },
      { module: kind, from: "images/base/files", to: "node" },
      { module: kind, from: "pkg/build/nodeimage/const_storage.go", to: "const_storage.go" },
      { module: kubeRouter, from: "daemonset/kubeadm-kuberouter.yaml", to: "kube-router.yaml" },
      { module: metricsServer, from: "manifests/base", to: "metrics-server" },
    ],
  },
  // Its package has the name of what it is a part of.
  etcd: { name: "etcd", outputs: ["server"], links: { etcd: "server" } },
  "local-path": { name: "local-path", outputs: ["local-path-provisioner"] },
  "istio-cni": {
    name: "istio-cni",
    outputs: ["install-cni", "istio-cni"],
    stamps: [
      { module: istio, variable: "istio.io/istio/pkg/version.buildVersion", value: istioTag },
      { module: istio, variable: "istio.io/istio/pkg/version.buildTag", value: istioTag },
    ],
  },
  "http-echo": {
    name: "http-echo",
    outputs: ["http-echo"],
    stamps: [
      {
        module: "github.com/hashicorp/http-echo",
        variable: "github.com/hashicorp/http-echo/version.Version",
        value: bare,
      },
    ],
  },
  fortio: { name: "fortio", outputs: ["fortio"] },
  kwok: {
    name: "kwok",
    outputs: ["kwok"],
    // kwok needs these stages: the node is ready, pods run as soon as they are scheduled, and deleted pods are removed.
    files: [
      "node/fast/node-initialize",
      "node/heartbeat/node-heartbeat",
      "pod/fast/pod-ready",
      "pod/fast/pod-delete",
    ].map((stage) => ({ module: kwok, from: `kustomize/stage/${stage}.yaml`, to: `${stage.split("/").at(-1)}.yaml` })),
  },
  // For the cluster test of gatewayIssuer alone.
  "cert-manager": {
    name: "cert-manager",
    outputs: ["cert-manager"],
    files: [{ module: "github.com/cert-manager/cert-manager", from: "deploy/crds", to: "crds" }],
  },
  // Its package has the name of what it does, not of what it is.
  ratelimit: { name: "ratelimit", outputs: ["service_cmd"] },
  prometheus: {
    name: "prometheus",
    outputs: ["prometheus", "promtool"],
    tags: ["remove_all_sd", "enable_kubernetes_sd", "enable_dns_sd"],
    stamps: [
      {
        module: "github.com/prometheus/prometheus",
        variable: "github.com/prometheus/common/version.Version",
        value: bare,
      },
    ],
  },
  alertmanager: {
    name: "alertmanager",
    outputs: ["alertmanager"],
    stamps: [
      {
        module: "github.com/prometheus/alertmanager",
        variable: "github.com/prometheus/common/version.Version",
        value: bare,
      },
    ],
  },
  jaeger: {
    name: "jaeger",
    outputs: ["jaeger"],
    stamps: [
      {
        module: "github.com/jaegertracing/jaeger",
        variable: "github.com/jaegertracing/jaeger/pkg/version.latestVersion",
        value: same,
      },
    ],
  },
  loki: {
    name: "loki",
    outputs: ["loki"],
    stamps: [
      {
        module: "github.com/grafana/loki/v3",
        variable: "github.com/grafana/loki/v3/pkg/util/build.Version",
        value: bare,
      },
    ],
  },
  otelcol: { name: "otelcol", outputs: ["otelcol"], collectorManifest: "builder.yaml" },
  pulumi: {
    name: "pulumi",
    outputs: ["pulumi", "pulumi-language-nodejs", "pulumi-resource-random"],
    stamps: [
      { module: pulumiSdk, variable: `${pulumiSdk}/go/common/version.Version`, value: same },
      // Read by pulumi-resource-random alone.
      { module: pulumiSdk, variable: "main.version", value: () => providerVersions.random },
    ],
  },
  // For the tests of the components in other languages alone. Released CLIs have these programs.
  "pulumi-languages": {
    name: "pulumi-languages",
    outputs: ["pulumi-language-yaml", "pulumi-language-python"],
    stamps: [{ module: pulumiYaml, variable: `${pulumiYaml}/pkg/version.Version`, value: same }],
  },
  "pulumi-kubernetes": {
    name: "pulumi-kubernetes",
    outputs: [providerMain],
    // A third of a million generated lines that serve component resources of other programs: not run here, and compiled
    // sooner as they are.
    compilerFlags: "github.com/pulumi/pulumi-kubernetes/sdk/v4/...=-N -l -dwarf=false",
    stamps: [{ module: kubernetesProvider, variable: "main.version", value: () => providerVersions.kubernetes }],
    embeds: ["schema.json", "terraform-mapping.json"].map((file) => ({
      module: kubernetesProvider,
      from: `cmd/${providerMain}/${file}`,
      to: `${providerMain}/${file}`,
    })),
  },
} as const satisfies Record<string, BinaryGroup>;

export type GroupName = keyof typeof binaryGroups;
