import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { CollectorBackend } from "../collectorConfig";
import { LogScraper } from "../logScraper";
import type { SpanReceiver } from "../telemetry";
import { images as ourImages } from "../versions";
import type { ImageTable } from "../versions";
import { Alertmanager, alertmanagerPort } from "./alertmanager";
import type { Resources, Sizing } from "./backend";
import { dashboardEndpoint, dashboardNames, exposedPath, exposedRoute, observabilityNamespace } from "./endpoints";
import type { DashboardEndpoint, DashboardName, ExposedRoute } from "./endpoints";
import { Grafana } from "./grafana";
import { Kiali } from "./kiali";
import { Loki, lokiPorts } from "./loki";
import type { LokiStorage } from "./loki";
import { declareNetworkPolicies } from "./networkPolicies";
import { NodeLogs } from "./nodeLogs";
import type { Objective } from "./objectives";
import { Prometheus } from "./prometheus";
import { statsAccessLogRelabelings } from "./statsAccessLog";
import { installedTracing, type TracingBackendName, tracingBackends } from "./tracing";
import type { TraceStorage } from "./tracing/tracingBackend";
import { TracingStore } from "./tracing/tracingStore";

/**
 * Prometheus, or one that is there already, or none. `retention` is how long samples are kept, for example `15d`; `remoteWrite` are URLs that
 * get a copy of each.
 */
export type MetricsChoice =
  | { kind: "prometheus"; sizing: Sizing; retention: string; remoteWrite: string[]; alerts?: AlertsChoice }
  | { kind: "existing"; url: string }
  | { kind: "none" };

/** Where Prometheus sends its alerts: an Alertmanager that is there already, or one that sends them on to a webhook. */
export type AlertsChoice = { kind: "existing"; url: string } | { kind: "alertmanager"; webhookUrl: string };

/** A tracing backend of the stack, or a receiver of OTLP that is there already, or none. */
export type TracingChoice =
  | { kind: TracingBackendName; sizing: Omit<Sizing, "volume">; storage: TraceStorage }
  | { kind: "existing"; host: string; port: number }
  | { kind: "none" };

/** Loki, or a store that is there already, or none. */
export type LogsChoice =
  | { kind: "loki"; sizing: Sizing; retention: string; storage: LokiStorage }
  | { kind: "existing"; backend: CollectorBackend }
  | { kind: "none" };

/** Args of {@link Observability}. All have defaults: without any, each backend is one pod whose data ends with it. */
export interface ObservabilityArgs {
  /** Default: one Prometheus that keeps samples for 15 days. */
  metrics?: MetricsChoice;
  /** Default: one Jaeger that keeps the last 20000 traces in its memory. */
  tracing?: TracingChoice;
  /** Default: one Loki that keeps logs for 15 days. */
  logs?: LogsChoice;
  /** Seconds between two scrapes. Default 15. */
  scrapeSeconds?: number;
  /** What services promise. Default: nothing. */
  objectives?: readonly Objective[];
  /** Requests and limits of an Alertmanager. Default: none. */
  alertmanager?: Resources;
  /** The proxies count requests with an access logger; see statsAccessLog.ts. Default false. */
  statsAccessLog?: boolean;
  /** Requests and limits of the agent on each node and the scraper in each pod. Default: none. */
  logScraper?: Resources;
  /** Where kubelet keeps the logs of pods, on the nodes. Default `/var/log/pods`. */
  podLogsFolder?: string;
  /** Namespace of all that is made. Default `observability`. */
  namespace?: string;
  /** The same, known once it is there, where it is not for this component to make. Default: it is made. */
  existingNamespace?: pulumi.Input<string>;
  /** Namespace of istiod. Default `istio-system`. */
  systemNamespace?: string;
  /** The same, known once it is there. Default: `systemNamespace`, which then has to be there. */
  controlPlaneNamespace?: pulumi.Input<string>;
  /** Serve each page under its path of the ingress gateway. Default false. */
  dashboardsExposed?: boolean;
  /** Let packets to the backends from here, from `meshNamespaces` and the gateway alone. Default false. */
  networkPolicy?: boolean;
  /** Namespaces whose proxies send spans, and whose scrapers send logs; what `networkPolicy` lets in. Default none. */
  meshNamespaces?: pulumi.Input<string>[];
  /** Namespace of the ingress gateway. Default `istio-ingress`. */
  gatewayNamespace?: pulumi.Input<string>;
  /** The kubectl command for this cluster, as outputs show it. Default `kubectl`. */
  kubectl?: string;
  /** Install Kiali: how it runs, and how users log in. Default: it is left out. */
  kiali?: { sizing: Omit<Sizing, "volume">; auth: "anonymous" | "token" };
  /** Install Grafana: how it runs, and whether it shows its dashboards to those who do not log in. Default: it is left out. */
  grafana?: { sizing: Omit<Sizing, "volume">; anonymousViewers?: boolean };
  /** Images of the backends. Default: those that this package was tested with. */
  images?: ImageTable;
}

const onePod = { replicas: 1, resources: {} };

/** The backends without any args: each is one pod whose data ends with it. */
const defaultChoices: { metrics: MetricsChoice; tracing: TracingChoice; logs: LogsChoice } = {
  metrics: { kind: "prometheus", sizing: onePod, retention: "15d", remoteWrite: [] },
  tracing: { kind: "jaeger", sizing: onePod, storage: { kind: "memory", maxTraces: 20_000 } },
  logs: { kind: "loki", sizing: onePod, retention: "15d", storage: { kind: "filesystem" } },
};

/** @returns the args with a value for each that has a default. */
export function observabilityDefaults(args: ObservabilityArgs) {
  return {
    ...args,
    metrics: args.metrics ?? defaultChoices.metrics,
    tracing: args.tracing ?? defaultChoices.tracing,
    logs: args.logs ?? defaultChoices.logs,
    scrapeSeconds: args.scrapeSeconds ?? 15,
    alertmanager: args.alertmanager ?? {},
    logScraper: args.logScraper ?? {},
    podLogsFolder: args.podLogsFolder ?? "/var/log/pods",
    systemNamespace: args.systemNamespace ?? "istio-system",
    meshNamespaces: args.meshNamespaces ?? [],
    gatewayNamespace: args.gatewayNamespace ?? "istio-ingress",
    images: args.images ?? ourImages,
  };
}

/**
 * @param namespace Where the tracing backend is installed.
 * @returns where proxies send their spans, undefined if nowhere.
 */
export function spanReceiver(tracing: TracingChoice, namespace = observabilityNamespace): SpanReceiver | undefined {
  switch (tracing.kind) {
    case "existing":
      return { host: tracing.host, port: tracing.port };
    case "none":
      return undefined;
    default: {
      const { spans, tracer } = tracingBackends[tracing.kind];
      // Istio knows Services by their full name.
      return { host: `${spans.service}.${namespace}.svc.cluster.local`, port: spans.port, tracer };
    }
  }
}

/**
 * @param namespace Where Loki is installed.
 * @returns where collectors send logs, undefined if nowhere.
 */
export function logStore(logs: LogsChoice, namespace = observabilityNamespace): CollectorBackend | undefined {
  switch (logs.kind) {
    case "loki":
      return { kind: "otlp", url: `http://loki.${namespace}.svc:${lokiPorts.http}/otlp` };
    case "existing":
      return logs.backend;
    case "none":
      return undefined;
  }
}

/**
 * Metrics, traces and logs of the mesh, each as its backend or as one that is there already. It needs nothing of Istio's to start. A cluster
 * has room for one: its ClusterRoles are the cluster's.
 */
export class Observability extends pulumi.ComponentResource {
  /** How each page that was installed is reached. */
  readonly dashboards: Partial<Record<DashboardName, DashboardEndpoint>>;
  /** Routes of the pages on the ingress gateway; empty unless they are exposed. */
  readonly exposedRoutes: ExposedRoute[];
  /** Password of Grafana's `admin`, a secret; undefined without Grafana. */
  readonly grafanaPassword?: pulumi.Output<string>;

  constructor(name: string, args: ObservabilityArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:Observability", name, {}, opts);
    const settings = observabilityDefaults(args);
    const { images, metrics, tracing, logs } = settings;
    const parent = { parent: this };
    // The names that the parts had before they carried that of the component.
    const part = (child: string) => ({ ...parent, aliases: [{ name: child }] });
    const path = (page: DashboardName) => (settings.dashboardsExposed ? exposedPath(page) : undefined);

    const at = settings.namespace ?? observabilityNamespace;
    const namespace =
      settings.existingNamespace ??
      new k8s.core.v1.Namespace(
        `${name}-namespace`,
        // Outside the mesh: what watches it must go on when the mesh does not, and would otherwise watch itself.
        { metadata: { name: at, labels: { "istio-injection": "disabled" } } },
        parent,
      ).metadata.name;

    const store = logStore(logs, at);
    const loki =
      logs.kind === "loki"
        ? new Loki(`${name}-loki`, { ...logs, namespace, image: images.loki }, part("loki"))
        : undefined;
    if (tracing.kind !== "existing" && tracing.kind !== "none") {
      const { kind } = tracing;
      new TracingStore(`${name}-${kind}`, { ...tracing, namespace, image: images[kind], path: path(kind) }, part(kind));
    }
    const tracer = installedTracing(tracing.kind);
    const alerts = metrics.kind === "prometheus" ? metrics.alerts : undefined;
    if (alerts?.kind === "alertmanager") {
      const sizing = { resources: settings.alertmanager };
      new Alertmanager(`${name}-alertmanager`, { ...alerts, namespace, image: images.alertmanager, sizing }, parent);
    }
    const ownAlertmanager = alerts?.kind === "alertmanager" ? `alertmanager.${at}:${alertmanagerPort}` : undefined;
    const prometheus =
      metrics.kind === "prometheus"
        ? new Prometheus(
            `${name}-prometheus`,
            {
              ...metrics,
              namespace,
              image: images.prometheus,
              systemNamespace: settings.systemNamespace,
              scrapeSeconds: settings.scrapeSeconds,
              objectives: settings.objectives,
              alertmanagerUrl: ownAlertmanager
                ? `http://${ownAlertmanager}`
                : alerts?.kind === "existing"
                  ? alerts.url
                  : undefined,
              proxyRelabelings: settings.statsAccessLog ? statsAccessLogRelabelings() : undefined,
              targets: {
                ...(loki && { loki: `loki.${at}:${lokiPorts.http}` }),
                ...(ownAlertmanager && { alertmanager: ownAlertmanager }),
                ...(tracer && { [tracer.name]: `${tracer.spans.service}.${at}:${tracer.metrics.port}` }),
              },
              metricsPaths: tracer?.metrics.path ? { [tracer.name]: tracer.metrics.path } : undefined,
              path: path("prometheus"),
            },
            part("prometheus"),
          )
        : undefined;
    if (store) {
      new NodeLogs(
        `${name}-node-logs`,
        {
          namespace,
          image: images.collector,
          backend: store,
          podLogsFolder: settings.podLogsFolder,
          resources: settings.logScraper,
        },
        part("node-logs"),
      );
    }

    const endpoint = (page: DashboardName) =>
      dashboardEndpoint(page, { namespace: at, path: path(page) ?? "", kubectl: settings.kubectl });
    const prometheusUrl = metrics.kind === "existing" ? metrics.url : prometheus && endpoint("prometheus").inCluster;
    const tracingPage = tracer && { name: tracer.name, url: endpoint(tracer.name).inCluster };
    const grafana =
      settings.grafana &&
      new Grafana(
        `${name}-grafana`,
        {
          ...settings.grafana,
          namespace,
          image: images.grafana,
          sources: {
            prometheus: prometheusUrl,
            loki: loki && `http://loki.${at}:${lokiPorts.http}`,
            tracing: tracingPage,
          },
          path: path("grafana"),
        },
        part("grafana"),
      );
    if (settings.kiali && prometheusUrl) {
      new Kiali(
        `${name}-kiali`,
        {
          ...settings.kiali,
          namespace,
          image: images.kiali,
          systemNamespace: settings.systemNamespace,
          controlPlaneNamespace: settings.controlPlaneNamespace,
          prometheusUrl,
          tracing: tracingPage && tracer.kiali?.(tracingPage.url),
          // Kiali finds dashboards by Grafana's API, and has no account there.
          grafanaUrl: settings.grafana?.anonymousViewers ? endpoint("grafana").inCluster : undefined,
          path: path("kiali"),
        },
        part("kiali"),
      );
    }

    declareNetworkPolicies(
      name,
      {
        namespace,
        backends: settings.networkPolicy ?? false,
        tracing: tracing.kind,
        anonymousKiali: settings.kiali?.auth === "anonymous",
        meshNamespaces: settings.meshNamespaces,
        gateway: { namespace: settings.gatewayNamespace, pages: settings.dashboardsExposed ? dashboardNames : [] },
      },
      parent,
    );

    this.grafanaPassword = grafana?.adminPassword;
    this.dashboards = {
      ...(prometheus && { prometheus: endpoint("prometheus") }),
      ...(settings.kiali && prometheusUrl && { kiali: endpoint("kiali") }),
      ...(grafana && { grafana: endpoint("grafana") }),
      ...(tracer && { [tracer.name]: endpoint(tracer.name) }),
    };
    this.exposedRoutes = settings.dashboardsExposed
      ? (Object.keys(this.dashboards) as DashboardName[]).map((page) => exposedRoute(page, at))
      : [];
    this.registerOutputs({ dashboards: this.dashboards });
  }
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
