import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { LogProtocol } from "../collectorConfig";
import type { CollectorBackend } from "../collectorConfig";
import { istioNamespaces } from "../istioValues";
import { LogScraper } from "../logScraper";
import type { SpanReceiver } from "../telemetry";
import { ArgsCheck } from "../validation";
import { images as ourImages } from "../versions";
import { Alertmanager, alertmanagerPort } from "./alertmanager";
import type { PodSizing, Resources, Sizing } from "./backend";
import { dashboardEndpoint, dashboardNames, exposedPath, exposedRoute, observabilityNamespace } from "./endpoints";
import type { DashboardName, Dashboards, ExposedRoute } from "./endpoints";
import { Grafana } from "./grafana";
import { Kiali, KialiAuth } from "./kiali";
import { Loki, lokiAddress, LokiStorageKind } from "./loki";
import type { LokiStorage } from "./loki";
import { declareNetworkPolicies } from "./networkPolicies";
import { NodeLogs } from "./nodeLogs";
import type { Objective } from "./objectives";
import { Prometheus } from "./prometheus";
import { statsAccessLogRelabelings } from "./statsAccessLog";
import { installedTracing, tracingBackends, TracingKind } from "./tracing";
import type { OfTracingBackends } from "./tracing";
import { TraceStorageKind } from "./tracing/tracingBackend";
import type { TraceStorage } from "./tracing/tracingBackend";
import { TracingStore } from "./tracing/tracingStore";

/** What keeps metrics: Prometheus, or one that is there already, or nothing. */
export const MetricsKind = { Prometheus: "prometheus", Existing: "existing", None: "none" } as const;

/** One of {@link MetricsKind}. */
export type MetricsKind = (typeof MetricsKind)[keyof typeof MetricsKind];

/** Metrics: what keeps them. */
export interface MetricsChoice {
  /** What it is. */
  kind: MetricsKind;
  /** Pods, volume, requests and limits of Prometheus. Default: one pod whose data ends with it. */
  sizing?: Sizing;
  /** How long Prometheus keeps samples, for example `30d`. Default `15d`. */
  retention?: string;
  /** URLs that get a copy of each sample of Prometheus. Default none. */
  remoteWrite?: string[];
  /** Where Prometheus sends its alerts. Default: nowhere. */
  alerts?: AlertsChoice;
  /** URL of an existing Prometheus; `existing` needs it. */
  url?: string;
}

/** Who gets alerts: an Alertmanager that is there already, or one that sends them on to a webhook. */
export const AlertsKind = { Existing: "existing", Alertmanager: "alertmanager" } as const;

/** One of {@link AlertsKind}. */
export type AlertsKind = (typeof AlertsKind)[keyof typeof AlertsKind];

/** Where Prometheus sends its alerts. */
export interface AlertsChoice {
  /** What it is. */
  kind: AlertsKind;
  /** URL of an existing Alertmanager; `existing` needs it. */
  url?: string;
  /** URL that gets each group of alerts; `alertmanager` needs it. */
  webhookUrl?: string;
}

/** Traces: what takes them. */
export interface TracingChoice {
  /** What it is. */
  kind: TracingKind;
  /** Pods, requests and limits of a backend that is installed. Default: one pod. */
  sizing?: PodSizing;
  /** Where that backend keeps traces. Default: the last 20000 in its memory. */
  storage?: TraceStorage;
  /** Host of an existing receiver, as the mesh knows it; `existing` needs it. */
  host?: string;
  /** Its port of OTLP over gRPC. Default 4317. */
  port?: number;
}

/** What keeps logs: Loki, or a store that is there already, or nothing. */
export const LogsKind = { Loki: "loki", Existing: "existing", None: "none" } as const;

/** One of {@link LogsKind}. */
export type LogsKind = (typeof LogsKind)[keyof typeof LogsKind];

/** Logs: what keeps them. */
export interface LogsChoice {
  /** What it is. */
  kind: LogsKind;
  /** Pods, volume, requests and limits of Loki. Default: one pod whose data ends with it. */
  sizing?: Sizing;
  /** How long Loki keeps logs, for example `30d`. Default `15d`. */
  retention?: string;
  /** Where Loki keeps logs. Default: on its own volume. */
  storage?: LokiStorage;
  /** An existing store; `existing` needs it. */
  backend?: CollectorBackend;
}

/** How Kiali runs. */
export interface KialiSettings {
  /** Pods, requests and limits. */
  sizing: PodSizing;
  /** How users log in. */
  auth: KialiAuth;
}

/** How Grafana runs. */
export interface GrafanaSettings {
  /** Pods, requests and limits. */
  sizing: PodSizing;
  /** Show the dashboards to those who do not log in, too. Default false. */
  anonymousViewers?: boolean;
}

/** Images of the backends. Default: those that this package was tested with. */
export interface BackendImages extends OfTracingBackends<string> {
  /** Prometheus 3. */
  prometheus?: string;
  /** Alertmanager. */
  alertmanager?: string;
  /** Loki 3. */
  loki?: string;
  /** The OpenTelemetry Collector, with contrib. */
  collector?: string;
  /** Kiali. */
  kiali?: string;
  /** Grafana. */
  grafana?: string;
  /** A shell, for the rotation of logs. */
  busybox?: string;
}

/** What observes a mesh. All have defaults: without any, each backend is one pod whose data ends with it. */
export interface ObservabilitySettings {
  /** Default: one Prometheus that keeps samples for 15 days. */
  metrics?: MetricsChoice;
  /** Default: one Jaeger that keeps the last 20000 traces in its memory. */
  tracing?: TracingChoice;
  /** Default: one Loki that keeps logs for 15 days. */
  logs?: LogsChoice;
  /** Seconds between two scrapes. Default 15. */
  scrapeSeconds?: number;
  /** What services promise. Default: nothing. */
  objectives?: Objective[];
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
  /** Let packets to the backends from here, from `meshNamespaces` and the gateway alone. Default false. */
  networkPolicy?: boolean;
  /** Namespaces whose proxies send spans, and whose scrapers send logs; what `networkPolicy` lets in. Default none. */
  meshNamespaces?: pulumi.Input<string>[];
  /** Namespace of the ingress gateway. Default `istio-ingress`. */
  gatewayNamespace?: pulumi.Input<string>;
  /** The kubectl command for this cluster, as outputs show it. Default `kubectl`. */
  kubectl?: string;
  /** Install Kiali: how it runs, and how users log in. Default: it is left out. */
  kiali?: KialiSettings;
  /**
   * Install Grafana: how it runs, and whether it shows its dashboards to those who do not log in. Default: it is left
   * out.
   */
  grafana?: GrafanaSettings;
  /** Images of the backends. Default: those that this package was tested with. */
  images?: BackendImages;
}

/** Args of {@link Observability}. */
export interface ObservabilityArgs extends ObservabilitySettings {
  /** Serve each page under its path of the ingress gateway. Default false. */
  dashboardsExposed?: boolean;
}

/** How a backend runs unless its args say otherwise. */
const onePod = { replicas: 1, resources: {} };

const defaultRetention = "15d";

/** Port of OTLP over gRPC by its specification. */
const otlpPort = 4317;

/** @returns the args with a value for each that has a default. */
export function observabilityDefaults(args: ObservabilityArgs) {
  return {
    ...args,
    metrics: args.metrics ?? { kind: MetricsKind.Prometheus },
    tracing: args.tracing ?? { kind: TracingKind.Jaeger },
    logs: args.logs ?? { kind: LogsKind.Loki },
    scrapeSeconds: args.scrapeSeconds ?? 15,
    alertmanager: args.alertmanager ?? {},
    logScraper: args.logScraper ?? {},
    podLogsFolder: args.podLogsFolder ?? "/var/log/pods",
    systemNamespace: args.systemNamespace ?? istioNamespaces.system,
    meshNamespaces: args.meshNamespaces ?? [],
    gatewayNamespace: args.gatewayNamespace ?? istioNamespaces.gateway,
    images: { ...ourImages, ...args.images },
  };
}

/**
 * @param namespace Where the tracing backend is installed.
 * @returns where proxies send their spans, undefined if nowhere.
 */
export function spanReceiver(tracing: TracingChoice, namespace = observabilityNamespace): SpanReceiver | undefined {
  switch (tracing.kind) {
    case "existing":
      return { host: tracing.host ?? "", port: tracing.port ?? otlpPort };
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
      return { kind: "otlp", url: `http://${lokiAddress(`${namespace}.svc`)}/otlp` };
    case "existing":
      return logs.backend;
    case "none":
      return undefined;
  }
}

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
    const { images, metrics, tracing, logs } = settings;
    validate(settings, this);
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
        ? new Loki(
            `${name}-loki`,
            {
              sizing: onePod,
              retention: defaultRetention,
              storage: { kind: LokiStorageKind.Filesystem },
              ...logs,
              namespace,
              image: images.loki,
            },
            part("loki"),
          )
        : undefined;
    const tracer = installedTracing(tracing.kind);
    if (tracer) {
      const kind = tracer.name;
      new TracingStore(
        `${name}-${kind}`,
        {
          sizing: onePod,
          storage: { kind: TraceStorageKind.Memory },
          ...tracing,
          kind,
          namespace,
          image: images[kind],
          path: path(kind),
        },
        part(kind),
      );
    }
    const alerts = metrics.kind === "prometheus" ? metrics.alerts : undefined;
    if (alerts?.kind === "alertmanager") {
      const { webhookUrl = "" } = alerts;
      const sizing = { resources: settings.alertmanager };
      const image = images.alertmanager;
      new Alertmanager(`${name}-alertmanager`, { webhookUrl, namespace, image, sizing }, parent);
    }
    const ownAlertmanager = alerts?.kind === "alertmanager" ? `alertmanager.${at}:${alertmanagerPort}` : undefined;
    const prometheus =
      metrics.kind === "prometheus"
        ? new Prometheus(
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
              alertmanagerUrl: ownAlertmanager
                ? `http://${ownAlertmanager}`
                : alerts?.kind === "existing"
                  ? alerts.url
                  : undefined,
              proxyRelabelings: settings.statsAccessLog ? statsAccessLogRelabelings() : undefined,
              targets: {
                ...(loki && { loki: lokiAddress(at) }),
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
            loki: loki && `http://${lokiAddress(at)}`,
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
      ? (Object.keys(this.dashboards) as DashboardName[]).map((page) => exposedRoute(page, namespace))
      : [];
    this.registerOutputs({ dashboards: this.dashboards });
  }
}

function validate(
  { metrics, tracing, logs, kiali }: ReturnType<typeof observabilityDefaults>,
  resource: pulumi.Resource,
): void {
  const check = new ArgsCheck("Observability")
    .requireOneOf("metrics.kind", metrics.kind, MetricsKind)
    .requireOneOf("metrics.alerts.kind", metrics.alerts?.kind, AlertsKind)
    .requireOneOf("tracing.kind", tracing.kind, TracingKind)
    .requireOneOf("tracing.storage.kind", tracing.storage?.kind, TraceStorageKind)
    .requireOneOf("logs.kind", logs.kind, LogsKind)
    .requireOneOf("logs.storage.kind", logs.storage?.kind, LokiStorageKind)
    .requireOneOf("logs.backend.kind", logs.backend?.kind, LogProtocol)
    .requireOneOf("kiali.auth", kiali?.auth, KialiAuth);
  const needs = (choice: string, kind: string | undefined, of: string, field: string, value: unknown) =>
    check.require(kind !== of || value !== undefined, `${choice}.${field}`, value, `kind ${of} needs it`);
  needs("metrics", metrics.kind, "existing", "url", metrics.url);
  needs("metrics.alerts", metrics.alerts?.kind, "existing", "url", metrics.alerts?.url);
  needs("metrics.alerts", metrics.alerts?.kind, "alertmanager", "webhookUrl", metrics.alerts?.webhookUrl);
  needs("tracing", tracing.kind, "existing", "host", tracing.host);
  for (const store of ["elasticsearch", "opensearch"]) {
    needs("tracing.storage", tracing.storage?.kind, store, "url", tracing.storage?.url);
  }
  needs("logs", logs.kind, "existing", "backend", logs.backend);
  needs("logs.storage", logs.storage?.kind, "s3", "bucket", logs.storage?.bucket);
  check.done(resource);
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
