/**
 * What Istio's charts install, as far as the rules need it. A Helm release shows a policy only its chart and values, so
 * the gateway's and istiod's workloads and services are worked out from those.
 */
import { injectLabel } from "./names";
import { at, list, type MadePort, text, usualGatewayPorts, workloadAndService } from "./producers";
import type { Resource } from "./resource";
import { isMap } from "../../common/isMap";
import type { LabelSelector } from "./selectors";
import { known, lateFields, merge, UnknownValue } from "./unknown";

/** What an installed sidecar injector does. */
export interface Injector {
  /** The revision it serves; `default` for the one that `istio-injection=enabled` asks for. */
  revision: string;
  namespace: string;
  /** More names that it answers to. */
  tags: string[];
  enableNamespacesByDefault: boolean;
  neverInject: LabelSelector[];
  alwaysInject: LabelSelector[];
  /** Whether pods that say nothing are injected once the webhook is called. */
  policy: boolean;
  /** Whether the proxy comes as a native sidecar, which lets Jobs end. */
  nativeSidecars: boolean;
  /** Whether HTTP probes are sent through the proxy's agent. */
  rewriteProbes: boolean;
  urn?: string;
}

/** One Helm release. */
export interface Release {
  /** The chart: a name, a path or an OCI address. */
  chart: string;
  name: string;
  namespace: string;
  values: Record<string, unknown>;
  urn?: string;
  dependencies?: readonly string[];
}

/** What a release comes to. */
export interface Installed {
  resources: Resource[];
  injector?: Injector;
  /** Mesh configuration that the chart's values give. */
  meshConfig?: Record<string, unknown>;
  /** Whether Istio's CNI plugin is installed. */
  cni?: boolean;
  /** Whether the chart installs things that cannot be worked out. */
  opaque: boolean;
  /** Whether some of them are workloads that values which are not known yet describe. */
  unknownWorkloads?: true;
}

function map(value: unknown): Record<string, unknown> {
  return isMap(value) ? value : {};
}

function gateway(release: Release, values: Record<string, unknown>): Resource[] {
  const name = text(values["name"]) ?? release.name;
  const custom = map(values["labels"]);
  const labels = {
    app: text(custom["app"]) ?? name,
    istio: text(custom["istio"]) ?? name.replace(/^istio-/, ""),
  };
  const ports = list(at(values, "service", "ports")) as MadePort[];
  const [deployment, service] = workloadAndService({
    ...madeBy(release, name, labels),
    podLabels: { ...labels, [injectLabel]: "true", ...(custom as Record<string, string>) },
    ports: ports.length > 0 ? ports : usualGatewayPorts,
  });
  return at(values, "service", "type") === "None" ? [deployment] : [deployment, service];
}

/** What a workload of a release has in common with the release. */
function madeBy(
  { namespace, name: installedBy, urn, dependencies }: Release,
  name: string,
  labels: Record<string, string>,
) {
  return { name, namespace, labels, installedBy, ...(urn !== undefined && { urn }), dependencies: dependencies ?? [] };
}

/** Merges the two places in which Istio's charts take their values. */
function chartValues(values: Record<string, unknown>): Record<string, unknown> {
  return merge(values, map(values["_internal_defaults_do_not_set"]));
}

/** What the values of the istiod chart make the injector do. */
export function injectorOf(release: Release): Injector {
  const values = (): Record<string, unknown> => chartValues(release.values);
  const webhook = (): Record<string, unknown> => map(values()["sidecarInjectorWebhook"]);
  const { urn } = release;
  return lateFields<Injector>({
    revision: () => text(values()["revision"]) ?? "default",
    namespace: () => release.namespace,
    tags: () => list(values()["revisionTags"]) as string[],
    enableNamespacesByDefault: () => webhook()["enableNamespacesByDefault"] === true,
    neverInject: () => list(webhook()["neverInjectSelector"]) as LabelSelector[],
    alwaysInject: () => list(webhook()["alwaysInjectSelector"]) as LabelSelector[],
    policy: () => at(values(), "global", "proxy", "autoInject") !== "disabled",
    // On by default where Kubernetes has them, which all supported versions do.
    nativeSidecars: () =>
      ![false, "false"].includes(at(values(), "pilot", "env", "ENABLE_NATIVE_SIDECARS") as boolean | string),
    rewriteProbes: () => webhook()["rewriteAppHTTPProbe"] !== false,
    ...(urn !== undefined && { urn: () => urn }),
  });
}

function unknownValue(): never {
  throw new UnknownValue("a Helm release");
}

/** What stands for a mesh configuration that is not known yet. */
export function unknownMeshConfig(): Record<string, unknown> {
  return lateFields({ extensionProviders: unknownValue, defaultProviders: unknownValue, defaultConfig: unknownValue });
}

/** What a release comes to whose chart is not known yet: it may install Istio. */
function unknownChart(): Installed {
  const values = { get: unknownValue, enumerable: true };
  return {
    resources: [],
    injector: injectorOf(Object.defineProperties({}, { values, namespace: values }) as Release),
    meshConfig: unknownMeshConfig(),
    opaque: true,
    unknownWorkloads: true,
  };
}

/** Works out what a release installs. Its fields, its values and what stands in them may not be known yet. */
export function install(release: Release): Installed {
  return known(() => release.chart) === undefined ? unknownChart() : installChart(release);
}

function installChart(release: Release): Installed {
  /** What the chart installs, where what it depends on is known. */
  const installed = (resources: () => Resource[]): Pick<Installed, "resources" | "opaque" | "unknownWorkloads"> => {
    const made = known(resources);
    return made === undefined
      ? { resources: [], opaque: true, unknownWorkloads: true }
      : { resources: made, opaque: false };
  };
  const chart =
    release.chart
      .replace(/[\\/]+$/, "")
      .replace(/-\d[\w.+-]*\.tgz$/, "")
      .split(/[\\/]/)
      .pop() ?? "";
  switch (chart) {
    case "gateway":
    case "istio-ingress":
    case "istio-egress":
      return installed(() => gateway(release, chartValues(release.values)));
    case "istiod":
    case "istio-discovery": {
      const injector = injectorOf(release);
      const revision = known(() => injector.revision) ?? "default";
      const meshConfig = known(() => map(chartValues(release.values)["meshConfig"]));
      const name = revision === "default" ? "istiod" : `istiod-${revision}`;
      const labels = { app: "istiod", istio: "pilot" };
      return {
        ...installed(() =>
          workloadAndService({
            ...madeBy(release, name, labels),
            podLabels: { ...labels, [injectLabel]: "false" },
            ports: [
              { name: "grpc-xds", port: 15010 },
              { name: "https-dns", port: 15012 },
              { name: "https-webhook", port: 443, targetPort: 15017 },
              { name: "http-monitoring", port: 15014 },
            ],
          }),
        ),
        injector,
        meshConfig: meshConfig ?? unknownMeshConfig(),
      };
    }
    case "cni":
    case "istio-cni":
      return { resources: [], cni: true, opaque: false };
    case "base":
    case "istio-base":
    case "ztunnel":
    case "gateway-api":
      return { resources: [], opaque: false };
    default:
      return { resources: [], opaque: true };
  }
}
