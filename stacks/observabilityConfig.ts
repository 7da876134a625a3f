import { z } from "zod";
import type { Sizing } from "../components/observability/backend";
import { exposedPath } from "../components/observability/endpoints";
import type {
  AlertsChoice,
  LogsChoice,
  MetricsChoice,
  TracingChoice,
} from "../components/observability/observabilityArgs";
import { durationSeconds } from "../components/observability/prometheusConfig";
import { tracingBackendNames, tracingBackends, TracingKind } from "../components/observability/tracing";
import type { TracingBackendName } from "../components/observability/tracing";
import { TraceStorageKind } from "../components/observability/tracing/tracingBackend";
import type { ConfigReader } from "./configReader";
import type { ObservabilityDefaults, Profile } from "./profile";
import { flag, key, nodeFolder, number, oneOf, textThat } from "./schema";

/** What config says of metrics, traces, logs and the pages that show them. */
export interface ObservabilityConfig {
  metrics: MetricsChoice;
  /** Seconds between two scrapes. */
  scrapeSeconds: number;
  tracing: TracingChoice;
  /** Percent of the requests that are traced. */
  samplingPercent: number;
  logs: LogsChoice;
  kiali: boolean;
  grafana: boolean;
  /** Where kubelet keeps the logs of pods, on the nodes. */
  podLogsFolder: string;
  /** Serve the pages under the ingress gateway as well. */
  dashboardsExposed: boolean;
  /** Let packets to the backends from the mesh and from each other alone. */
  networkPolicy: boolean;
}

/** A URL of HTTP. A password in it would end up in a ConfigMap. */
const url = textThat(
  (v) => /^https?:\/\/[^\s/]+/.test(v) && URL.canParse(v) && !/^\w+:\/\/[^/]*@/.test(v),
  "use a URL with its scheme, http://... or https://..., and no user or password in it",
);

/** The URL of a server, to which paths are added. */
const serverUrl = url.transform((v) => v.replace(/\/+$/, ""));

/** A hundred years, in seconds: what is longer by far overflows in Prometheus. */
const longestRetention = 100 * 31_536_000;

const retention = textThat(
  (v) => (durationSeconds(v) ?? Infinity) <= longestRetention,
  "use a whole number and one of s, m, h, d, w, y: for example 15d; at most 100y",
);

const volume = textThat(
  (v) => v === "none" || /^[1-9]\d*(Mi|Gi|Ti)$/.test(v),
  "use a size such as 10Gi, or none to keep data only as long as the pod",
);

const titlesOf = (names: readonly TracingBackendName[]) =>
  names.map((name) => tracingBackends[name].title).join(" or ");

const tracingTitles = titlesOf(tracingBackendNames);
const unknownToKiali = titlesOf(tracingBackendNames.filter((name) => !tracingBackends[name].kiali));

/** Keys of metrics, traces, logs and dashboards. */
export const observabilityKeys = {
  metricsBackend: key(
    "Where metrics are kept, one of prometheus (installed), existing (metricsUrl), none. auto installs Prometheus.",
    oneOf(["prometheus", "existing", "none"]),
  ),
  metricsUrl: key("URL of an existing Prometheus, for metricsBackend existing.", serverUrl),
  metricsRetention: key(
    "How long Prometheus keeps metrics, for example 15d. auto keeps 2d in dev, 15d in prod.",
    retention,
  ),
  metricsVolume: key(
    "Size of each Prometheus' volume, for example 50Gi, or none. auto takes none in dev, 50Gi in prod.",
    volume,
  ),
  metricsRemoteWrite: key(
    "URLs that Prometheus sends every sample on to (remote write).",
    z.array(url, "use a list of texts"),
    [],
  ),
  alertmanagerUrl: key(
    "URL of an existing Alertmanager that Prometheus sends its alerts to, http:// or https://. auto sends them nowhere.",
    serverUrl,
  ),
  alertWebhookUrl: key(
    "URL of a webhook that gets the alerts as Alertmanager's JSON; the stack then runs an Alertmanager. It may be a secret. auto runs none.",
    serverUrl,
  ),
  tracingBackend: key(
    `Where traces go, one of ${tracingBackendNames.join(" or ")} (installed), existing (tracingUrl), none. auto installs Jaeger. Kiali shows no traces of ${unknownToKiali}.`,
    oneOf(Object.values(TracingKind)),
  ),
  tracingUrl: key(
    "URL of an existing receiver of OTLP over gRPC, for tracingBackend existing; its host must be known to the mesh.",
    serverUrl,
  ),
  tracingSampling: key(
    "Percent of the requests that are traced, 0 to 100. auto takes 100 in dev, 1 in prod.",
    number(0, 100, "use a percentage from 0 to 100"),
  ),
  tracingStorage: key(
    `Where ${tracingTitles} keeps traces, one of ${Object.values(TraceStorageKind).join(", ")}. auto takes memory.`,
    oneOf(Object.values(TraceStorageKind)),
  ),
  tracingStorageUrl: key("URL of Elasticsearch or OpenSearch, for tracingStorage.", serverUrl),
  logsBackend: key(
    "Where logs go, one of loki (installed), otlp or elasticsearch (existing, at logsUrl), none. auto installs Loki.",
    oneOf(["loki", "otlp", "elasticsearch", "none"]),
  ),
  logsUrl: key("URL of an existing receiver of OTLP over HTTP, or of Elasticsearch, for logsBackend.", serverUrl),
  logsRetention: key("How long Loki keeps logs, for example 30d. auto keeps 2d in dev, 30d in prod.", retention),
  logsVolume: key(
    "Size of each Loki's volume, for example 50Gi, or none. auto takes none in dev, 50Gi in prod.",
    volume,
  ),
  logsBucket: key(
    "S3 bucket that Loki keeps logs in; with it prod runs three of it. auto keeps them on the volume of a single one.",
    textThat((v) => /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(v), "use the name of an S3 bucket"),
  ),
  logsBucketRegion: key(
    "Region of the bucket. auto takes us-east-1.",
    textThat((v) => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(v), "use the name of a region, such as eu-central-1"),
  ),
  logsBucketUrl: key("URL of an object store that speaks S3, for example MinIO. auto is Amazon's.", serverUrl),
  podLogsFolder: key("Where nodes keep the logs of pods. auto is /var/log/pods.", nodeFolder),
  kiali: key("Install Kiali, true or false. auto does, but for the sandbox, which has no image of it.", flag),
  grafana: key("Install Grafana, true or false. auto does, but for the sandbox, which has no image of it.", flag),
  dashboardsExposed: key(
    `Serve the dashboards under the ingress gateway as well (/grafana, /kiali, /prometheus, and ${tracingBackendNames.map(exposedPath).join(" or ")}). Refused in prod.`,
    flag,
    false,
  ),
  observabilityNetworkPolicy: key(
    `Let packets to Prometheus, ${tracingTitles}, Loki and Grafana from their own namespace, the mesh and the gateway alone, true or false. auto does in prod.`,
    flag,
  ),
};

type Own = { [K in keyof typeof observabilityKeys]: z.output<(typeof observabilityKeys)[K]> };

/** Reads the keys of metrics, traces, logs and dashboards. */
export function readObservability(reader: ConfigReader, profile: Profile): ObservabilityConfig {
  const own = reader.read(observabilityKeys);
  const { observability } = profile;
  const { kiali = observability.kiali, grafana = observability.grafana } = own;
  const config: ObservabilityConfig = {
    metrics: completeMetrics(own, reader, observability.prometheus),
    scrapeSeconds: observability.prometheus.scrapeSeconds,
    tracing: completeTracing(own, reader, observability.tracing),
    samplingPercent: own.tracingSampling ?? observability.samplingPercent,
    logs: completeLogs(own, reader, observability.loki),
    kiali,
    grafana,
    podLogsFolder: own.podLogsFolder ?? "/var/log/pods",
    // The gateway has no route to pages that are not installed.
    dashboardsExposed: own.dashboardsExposed && hasPage({ ...own, kiali, grafana }),
    networkPolicy: own.observabilityNetworkPolicy ?? profile.name === "prod",
  };
  if (config.kiali && config.metrics.kind === "none") {
    reader.problem("kiali", "true", "Kiali draws its graph from Prometheus: set metricsBackend, or kiali to false");
  }
  if (own.dashboardsExposed && profile.name === "prod") {
    reader.problem(
      "dashboardsExposed",
      "true",
      "Prometheus and the tracing backend have no login: not in prod; use npm run dashboards, or a proxy with authentication",
    );
  }
  return config;
}

/** @returns whether the stack installs a page that can be looked at. */
function hasPage({ metricsBackend = "prometheus", tracingBackend = "jaeger", kiali, grafana }: Own): boolean {
  const tracer = tracingBackendNames.some((name) => name === tracingBackend);
  return metricsBackend === "prometheus" || tracer || Boolean(kiali) || Boolean(grafana);
}

function completeMetrics(own: Own, notes: ConfigReader, defaults: ObservabilityDefaults["prometheus"]): MetricsChoice {
  const kind = own.metricsBackend ?? "prometheus";
  const { metricsRemoteWrite: remoteWrite, metricsRetention: retention = defaults.retention } = own;
  if (kind !== "prometheus") {
    notes.rejectUnused(own, onlyPrometheus, "metricsBackend: prometheus");
  }
  if (kind !== "existing") {
    notes.rejectUnused(own, ["metricsUrl"], "metricsBackend: existing");
  }
  if (own.alertmanagerUrl !== undefined && own.alertWebhookUrl !== undefined) {
    notes.problem(
      "alertWebhookUrl",
      own.alertWebhookUrl,
      "the Alertmanager at alertmanagerUrl has receivers of its own; remove one of the two",
    );
  }
  switch (kind) {
    case "prometheus": {
      const sizing = { ...defaults.sizing, volume: volumeOf(own.metricsVolume, defaults.sizing) };
      return { kind, sizing, retention, remoteWrite, alerts: alertsOf(own) };
    }
    case "existing":
      return { kind, url: requiredUrl(notes, own, "metricsUrl", "the URL of the existing Prometheus") };
    case "none":
      return { kind };
  }
}

const onlyPrometheus = [
  "metricsRetention",
  "metricsVolume",
  "metricsRemoteWrite",
  "alertmanagerUrl",
  "alertWebhookUrl",
] as const;

function alertsOf({ alertmanagerUrl: url, alertWebhookUrl: webhookUrl }: Own): AlertsChoice | undefined {
  if (url !== undefined) {
    return { kind: "existing", url };
  }
  return webhookUrl === undefined ? undefined : { kind: "alertmanager", webhookUrl };
}

function completeTracing(own: Own, notes: ConfigReader, defaults: ObservabilityDefaults["tracing"]): TracingChoice {
  const kind = own.tracingBackend ?? "jaeger";
  const storage = own.tracingStorage ?? "memory";
  if (kind === "existing" || kind === "none") {
    const unused = storage === "memory" ? [] : (["tracingStorage"] as const);
    const when = `tracingBackend: ${tracingBackendNames.join(" or ")}`;
    notes.rejectUnused(own, [...unused, "tracingStorageUrl"], when);
  } else if (storage === "memory") {
    notes.rejectUnused(own, ["tracingStorageUrl"], "tracingStorage: elasticsearch or opensearch");
  }
  if (kind !== "existing") {
    notes.rejectUnused(own, ["tracingUrl"], "tracingBackend: existing");
  }
  if (kind === "none") {
    notes.rejectUnused(own, ["tracingSampling"], "a tracingBackend");
  }
  switch (kind) {
    case "existing":
      return spanReceiverOf(own, notes);
    case "none":
      return { kind };
    default:
      return storage === "memory"
        ? {
            kind,
            sizing: { ...defaults.sizing, replicas: 1 },
            storage: { kind: storage, maxTraces: defaults.maxTraces },
          }
        : {
            kind,
            sizing: defaults.sizing,
            storage: { kind: storage, url: requiredUrl(notes, own, "tracingStorageUrl", `the URL of ${storage}`) },
          };
  }
}

/** @returns the receiver of spans that is there already. */
function spanReceiverOf(own: Own, notes: ConfigReader): TracingChoice {
  const what = "the URL of OTLP over gRPC, for example http://collector.example.svc:4317";
  const url = requiredUrl(notes, own, "tracingUrl", what);
  const { protocol, hostname, port, pathname, search } = new URL(url);
  if (protocol === "https:") {
    const fix =
      "sidecars send spans like any request, in plain text to what is outside of the mesh; use http://, and a DestinationRule for TLS";
    notes.problem("tracingUrl", url, fix);
  }
  if (pathname !== "/" || search !== "") {
    notes.problem("tracingUrl", url, "gRPC has a path of its own; leave out what follows host and port");
  }
  return { kind: "existing", host: hostname, port: port === "" ? undefined : Number(port) };
}

function completeLogs(own: Own, notes: ConfigReader, defaults: ObservabilityDefaults["loki"]): LogsChoice {
  const kind = own.logsBackend ?? "loki";
  const { logsBucket: bucket, logsRetention: retention = defaults.retention } = own;
  if (kind !== "loki") {
    notes.rejectUnused(own, ["logsRetention", "logsVolume", "logsBucket"], "logsBackend: loki");
  }
  if (!notes.has("logsBucket")) {
    notes.rejectUnused(own, ["logsBucketRegion", "logsBucketUrl"], "logsBucket");
  }
  if (kind === "loki" || kind === "none") {
    notes.rejectUnused(own, ["logsUrl"], "logsBackend: otlp or elasticsearch");
  }
  if (kind === "none") {
    notes.rejectUnused(own, ["podLogsFolder"], "a logsBackend");
  }
  switch (kind) {
    case "loki": {
      const sizing = { ...defaults.sizing, volume: volumeOf(own.logsVolume, defaults.sizing) };
      return bucket === undefined
        ? { kind, sizing: { ...sizing, replicas: 1 }, retention, storage: { kind: "filesystem" } }
        : {
            kind,
            sizing,
            retention,
            storage: { kind: "s3", bucket, region: own.logsBucketRegion ?? "us-east-1", endpoint: own.logsBucketUrl },
          };
    }
    case "otlp":
    case "elasticsearch": {
      const what = `the URL of ${kind === "otlp" ? "OTLP over HTTP" : kind}`;
      return { kind: "existing", backend: { kind, url: requiredUrl(notes, own, "logsUrl", what) } };
    }
    case "none":
      return { kind };
  }
}

function volumeOf(own: string | undefined, { volume }: Sizing): string | undefined {
  return own === "none" ? undefined : (own ?? volume);
}

/** @returns the URL of a key that has to be set, or a stand-in, so that the rest can be judged. */
function requiredUrl(
  notes: ConfigReader,
  own: Own,
  key: "metricsUrl" | "tracingUrl" | "tracingStorageUrl" | "logsUrl",
  what: string,
): string {
  // A value that could not be read has its problem already.
  if (!notes.has(key)) {
    notes.problem(key, undefined, `give ${what}`);
  }
  return own[key] ?? "http://missing";
}
