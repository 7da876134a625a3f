import type * as pulumi from "@pulumi/pulumi";
import { serviceHost } from "../hosts";
import { LogProtocol } from "../collectorConfig";
import type { CollectorBackend } from "../collectorConfig";
import { istioNamespaces } from "../istioValues";
import type { SpanReceiver } from "../telemetry";
import { ArgsCheck } from "../validation";
import { images as ourImages } from "../versions";
import type { PodSizing, Resources, Sizing } from "./backend";
import { observabilityNamespace } from "./endpoints";
import { KialiAuth } from "./kiali";
import { lokiAddress, LokiStorageKind } from "./loki";
import type { LokiStorage } from "./loki";
import type { Objective } from "./objectives";
import { tracingBackends, TracingKind } from "./tracing";
import type { OfTracingBackends } from "./tracing";
import { TraceStorageKind } from "./tracing/tracingBackend";
import type { TraceStorage } from "./tracing/tracingBackend";

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

/** Args of the component Observability. */
export interface ObservabilityArgs extends ObservabilitySettings {
  /** Serve each page under its path of the ingress gateway. Default false. */
  dashboardsExposed?: boolean;
}

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

/** Args with a value for each that has a default. */
export type ObservabilityWithDefaults = ReturnType<typeof observabilityDefaults>;

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
      return { host: serviceHost(spans.service, namespace), port: spans.port, tracer };
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

function checkNamespace(
  check: ArgsCheck,
  { namespace = observabilityNamespace, existingNamespace }: ObservabilityWithDefaults,
): void {
  if (existingNamespace === undefined) {
    check.requireOwnNamespace("namespace", namespace);
  }
}

/** Fails with all that is wrong with the args. */
export function checkObservability(settings: ObservabilityWithDefaults, resource: pulumi.Resource): void {
  const { metrics, tracing, logs, kiali } = settings;
  const check = new ArgsCheck("Observability")
    .requireOneOf("metrics.kind", metrics.kind, MetricsKind)
    .requireOneOf("metrics.alerts.kind", metrics.alerts?.kind, AlertsKind)
    .requireOneOf("tracing.kind", tracing.kind, TracingKind)
    .requireOneOf("tracing.storage.kind", tracing.storage?.kind, TraceStorageKind)
    .requireOneOf("logs.kind", logs.kind, LogsKind)
    .requireOneOf("logs.storage.kind", logs.storage?.kind, LokiStorageKind)
    .requireOneOf("logs.backend.kind", logs.backend?.kind, LogProtocol)
    .requireOneOf("kiali.auth", kiali?.auth, KialiAuth);
  checkNamespace(check, settings);
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
