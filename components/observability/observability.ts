import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { LogScraper } from "../logScraper";
import { Alertmanager, alertmanagerPort } from "./alertmanager";
import { dashboardEndpoint, dashboardNames, exposedPath, exposedRoute, observabilityNamespace } from "./endpoints";
import type { DashboardEndpoint, DashboardName, Dashboards, ExposedRoute } from "./endpoints";
import { Grafana } from "./grafana";
import { Kiali } from "./kiali";
import { Loki, lokiAddress, LokiStorageKind } from "./loki";
import { declareNetworkPolicies } from "./networkPolicies";
import { NodeLogs } from "./nodeLogs";
import { checkObservability, logStore, observabilityDefaults } from "./observabilityArgs";
import type { ObservabilityArgs, ObservabilityWithDefaults } from "./observabilityArgs";
import { Prometheus } from "./prometheus";
import { statsAccessLogRelabelings } from "./statsAccessLog";
import { installedTracing } from "./tracing";
import { TraceStorageKind } from "./tracing/tracingBackend";
import { TracingStore } from "./tracing/tracingStore";

/** How a backend runs unless its args say otherwise. */
const onePod = { replicas: 1, resources: {} };

const defaultRetention = "15d";

/** What is the same for all parts of one {@link Observability}. */
interface Common {
  /** Name of the component, which that of each part begins with. */
  name: string;
  settings: ObservabilityWithDefaults;
  /** Name of the namespace, known once it exists. */
  namespace: pulumi.Input<string>;
  /** The same as addresses have it. */
  at: string;
  parent: { parent: pulumi.Resource };
  /** @returns options of a part, which had the name alone before it carried that of the component. */
  part: (name: string) => pulumi.ComponentResourceOptions;
  /** @returns where a page is below the gateway, undefined where it is not exposed. */
  path: (page: DashboardName) => string | undefined;
  endpoint: (page: DashboardName) => DashboardEndpoint;
}

/** The backend of traces that is installed. */
type Tracer = ReturnType<typeof installedTracing>;

/**
 * Metrics, traces and logs of the mesh, each as its backend or as one that is there already. It needs nothing of
 * Istio's to start. A cluster has room for one: its ClusterRoles are the cluster's.
 */
export class Observability extends pulumi.ComponentResource {
  /** How each page that was installed is reached. */
  readonly dashboards: Dashboards;
  /** Routes of the pages on the ingress gateway; empty unless they are exposed. */
  readonly exposedRoutes: ExposedRoute[];
  /** Password of Grafana's `admin`, a secret; undefined without Grafana. */
  readonly grafanaPassword?: pulumi.Output<string>;

  constructor(name: string, args: ObservabilityArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:Observability", name, {}, opts);
    const settings = observabilityDefaults(args);
    checkObservability(settings, this);
    const common = this.common(name, settings);
    const { endpoint, namespace } = common;

    const loki = declareLoki(common);
    const tracer = declareTracingStore(common);
    const prometheus = declarePrometheus(common, loki, tracer);
    declareNodeLogs(common);
    const { metrics } = settings;
    const prometheusUrl = metrics.kind === "existing" ? metrics.url : prometheus && endpoint("prometheus").inCluster;
    const grafana = declareGrafana(common, prometheusUrl, loki, tracer);
    const kiali = declareKiali(common, prometheusUrl, tracer);
    declareNetworkPolicies(
      name,
      {
        namespace,
        backends: settings.networkPolicy ?? false,
        tracing: settings.tracing.kind,
        anonymousKiali: settings.kiali?.auth === "anonymous",
        meshNamespaces: settings.meshNamespaces,
        gateway: { namespace: settings.gatewayNamespace, pages: settings.dashboardsExposed ? dashboardNames : [] },
      },
      common.parent,
    );

    this.grafanaPassword = grafana?.adminPassword;
    this.dashboards = {
      ...(prometheus && { prometheus: endpoint("prometheus") }),
      ...(kiali && { kiali: endpoint("kiali") }),
      ...(grafana && { grafana: endpoint("grafana") }),
      ...(tracer && { [tracer.name]: endpoint(tracer.name) }),
    };
    this.exposedRoutes = settings.dashboardsExposed
      ? (Object.keys(this.dashboards) as DashboardName[]).map((page) => exposedRoute(page, namespace))
      : [];
    this.registerOutputs({ dashboards: this.dashboards });
  }

  /** Declares the namespace, unless it is there already. */
  private common(name: string, settings: ObservabilityWithDefaults): Common {
    const parent = { parent: this };
    const at = settings.namespace ?? observabilityNamespace;
    const path = (page: DashboardName) => (settings.dashboardsExposed ? exposedPath(page) : undefined);
    return {
      name,
      settings,
      at,
      parent,
      path,
      namespace:
        settings.existingNamespace ??
        new k8s.core.v1.Namespace(
          `${name}-namespace`,
          // Outside the mesh: what watches it must go on when the mesh does not, and would otherwise watch itself.
          { metadata: { name: at, labels: { "istio-injection": "disabled" } } },
          parent,
        ).metadata.name,
      part: (child) => ({ ...parent, aliases: [{ name: child }] }),
      endpoint: (page) => dashboardEndpoint(page, { namespace: at, path: path(page) ?? "", kubectl: settings.kubectl }),
    };
  }
}

function declareLoki({ name, settings, namespace, part }: Common): Loki | undefined {
  const { images, logs } = settings;
  if (logs.kind !== "loki") {
    return undefined;
  }
  const storage = { kind: LokiStorageKind.Filesystem };
  const defaults = { sizing: onePod, retention: defaultRetention, storage };
  return new Loki(`${name}-loki`, { ...defaults, ...logs, namespace, image: images.loki }, part("loki"));
}

function declareTracingStore({ name, settings, namespace, part, path }: Common): Tracer {
  const { images, tracing } = settings;
  const tracer = installedTracing(tracing.kind);
  if (tracer) {
    const kind = tracer.name;
    const defaults = { sizing: onePod, storage: { kind: TraceStorageKind.Memory } };
    new TracingStore(
      `${name}-${kind}`,
      { ...defaults, ...tracing, kind, namespace, image: images[kind], path: path(kind) },
      part(kind),
    );
  }
  return tracer;
}

/** Declares Prometheus, and an Alertmanager where its alerts go to a webhook. */
function declarePrometheus(common: Common, loki: Loki | undefined, tracer: Tracer): Prometheus | undefined {
  const { name, settings, namespace, at, parent, part, path } = common;
  const { images, metrics } = settings;
  if (metrics.kind !== "prometheus") {
    return undefined;
  }
  const { alerts } = metrics;
  if (alerts?.kind === "alertmanager") {
    const { webhookUrl = "" } = alerts;
    const sizing = { resources: settings.alertmanager };
    const image = images.alertmanager;
    new Alertmanager(`${name}-alertmanager`, { webhookUrl, namespace, image, sizing }, parent);
  }
  const alertmanager = alerts?.kind === "alertmanager" ? `alertmanager.${at}:${alertmanagerPort}` : undefined;
  return new Prometheus(
    `${name}-prometheus`,
    {
      sizing: onePod,
      retention: defaultRetention,
      remoteWrite: [],
      ...metrics,
      namespace,
      image: images.prometheus,
      systemNamespace: settings.systemNamespace,
      scrapeSeconds: settings.scrapeSeconds,
      objectives: settings.objectives,
      alertmanagerUrl: alertmanager ? `http://${alertmanager}` : alerts?.url,
      proxyRelabelings: settings.statsAccessLog ? statsAccessLogRelabelings() : undefined,
      targets: {
        ...(loki && { loki: lokiAddress(at) }),
        ...(alertmanager && { alertmanager }),
        ...(tracer && { [tracer.name]: `${tracer.spans.service}.${at}:${tracer.metrics.port}` }),
      },
      metricsPaths: tracer?.metrics.path ? { [tracer.name]: tracer.metrics.path } : undefined,
      path: path("prometheus"),
    },
    part("prometheus"),
  );
}

/** Declares the agent on each node, where there is a log store. */
function declareNodeLogs({ name, settings, namespace, at, part }: Common): void {
  const { images, logs, podLogsFolder, logScraper: resources } = settings;
  const backend = logStore(logs, at);
  if (backend) {
    const args = { namespace, image: images.collector, backend, podLogsFolder, resources };
    new NodeLogs(`${name}-node-logs`, args, part("node-logs"));
  }
}

function declareGrafana(
  { name, settings, namespace, at, part, path, endpoint }: Common,
  prometheusUrl: string | undefined,
  loki: Loki | undefined,
  tracer: Tracer,
): Grafana | undefined {
  return (
    settings.grafana &&
    new Grafana(
      `${name}-grafana`,
      {
        ...settings.grafana,
        namespace,
        image: settings.images.grafana,
        sources: {
          prometheus: prometheusUrl,
          loki: loki && `http://${lokiAddress(at)}`,
          tracing: tracer && { name: tracer.name, url: endpoint(tracer.name).inCluster },
        },
        path: path("grafana"),
      },
      part("grafana"),
    )
  );
}

/** Declares Kiali, which shows nothing without metrics. */
function declareKiali(
  { name, settings, namespace, part, path, endpoint }: Common,
  prometheusUrl: string | undefined,
  tracer: Tracer,
): Kiali | undefined {
  if (!settings.kiali || !prometheusUrl) {
    return undefined;
  }
  return new Kiali(
    `${name}-kiali`,
    {
      ...settings.kiali,
      namespace,
      image: settings.images.kiali,
      systemNamespace: settings.systemNamespace,
      controlPlaneNamespace: settings.controlPlaneNamespace,
      prometheusUrl,
      tracing: tracer?.kiali?.(endpoint(tracer.name).inCluster),
      // Kiali finds dashboards by Grafana's API, and has no account there.
      grafanaUrl: settings.grafana?.anonymousViewers ? endpoint("grafana").inCluster : undefined,
      path: path("kiali"),
    },
    part("kiali"),
  );
}

/** @returns the log scraper for the pods of a namespace, undefined if there is no log store. */
export function logScraper(
  name: string,
  namespace: pulumi.Input<string>,
  args: Pick<ObservabilityArgs, "logs" | "images" | "logScraper" | "namespace">,
  opts: pulumi.ComponentResourceOptions,
): LogScraper | undefined {
  const { images, logs, logScraper: resources } = observabilityDefaults(args);
  const backend = logStore(logs, args.namespace);
  return (
    backend &&
    new LogScraper(
      name,
      {
        namespace,
        image: images.collector,
        shellImage: images.busybox,
        backend,
        resources,
      },
      opts,
    )
  );
}
