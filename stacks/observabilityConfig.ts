import type { AlertsChoice, LogsChoice, MetricsChoice, TracingChoice } from "../components/observability/observability";
import { durationSeconds } from "../components/observability/prometheusConfig";
import { tracingBackendNames } from "../components/observability/tracing";
import type { ConfigReader } from "./configReader";
import type { Profile } from "./profile";

/** What config says of metrics, traces, logs and the pages that show them. */
export interface ObservabilityConfig {
  metrics: MetricsChoice;
  tracing: TracingChoice;
  /** Percent of the requests that are traced. */
  samplingPercent: number;
  logs: LogsChoice;
  kiali: boolean;
  grafana: boolean;
  /** Where kubelet keeps the logs of pods, on the nodes. */
  podLogsFolder: string;
  /** Serve the pages under the ingress gateway as well. */
  exposeDashboards: boolean;
  /** Let packets to the backends from the mesh and from each other alone. */
  networkPolicy: boolean;
}

/** Reads the keys of metrics, traces, logs and dashboards. */
export function readObservability(reader: ConfigReader, profile: Profile): ObservabilityConfig {
  const config: ObservabilityConfig = {
    metrics: readMetrics(reader, profile),
    tracing: readTracing(reader, profile),
    samplingPercent: readSampling(reader, profile),
    logs: readLogs(reader, profile),
    kiali: reader.boolean("kiali", profile.observability.kiali),
    grafana: reader.boolean("grafana", profile.observability.grafana),
    podLogsFolder: reader.textThat(
      "podLogsFolder",
      "/var/log/pods",
      (v) => /^(\/[\w.-]+)+$/.test(v) && !/\/\.{1,2}(\/|$)/.test(v),
      "use an absolute path of the nodes, without . and .. in it",
    ),
    exposeDashboards: reader.boolean("dashboardsExposed", false),
    networkPolicy: reader.boolean("observabilityNetworkPolicy", profile.name === "prod"),
  };
  if (config.kiali && config.metrics.kind === "none") {
    reader.problem("kiali", "true", "Kiali draws its graph from Prometheus: set metricsBackend, or kiali to false");
  }
  if (config.exposeDashboards && profile.name === "prod") {
    reader.problem(
      "dashboardsExposed",
      "true",
      "Prometheus and the tracing backend have no login: not in prod; use npm run dashboards, or a proxy with authentication",
    );
  }
  return config;
}

function readMetrics(reader: ConfigReader, { observability }: Profile): MetricsChoice {
  const defaults = observability.prometheus;
  const kind = reader.oneOf("metricsBackend", ["prometheus", "existing", "none"], "prometheus");
  const url = readUrl(reader, "metricsUrl");
  const retention = readDuration(reader, "metricsRetention", defaults.retention);
  const volume = readVolume(reader, "metricsVolume", defaults.sizing.volume);
  const remoteWrite = reader.texts("metricsRemoteWrite", []);
  remoteWrite.forEach((target, i) => {
    if (!isHttpUrl(target)) {
      reader.problem(`metricsRemoteWrite[${i}]`, withoutPassword(target), urlFix);
    }
  });
  const alerts = readAlerts(reader);
  if (kind !== "prometheus") {
    const when = "metricsBackend: prometheus";
    rejectUnused(reader, "metricsRetention", reader.text("metricsRetention", undefined), when);
    rejectUnused(reader, "alertmanagerUrl", alerts?.kind === "existing" ? alerts.url : undefined, when);
    rejectUnused(reader, "alertWebhookUrl", alerts?.kind === "alertmanager" ? alerts.webhookUrl : undefined, when);
    rejectUnused(reader, "metricsVolume", reader.text("metricsVolume", undefined), when);
    rejectUnused(reader, "metricsRemoteWrite", remoteWrite.length > 0 ? remoteWrite : undefined, when);
  }
  if (kind === "none") {
    rejectUnused(reader, "metricsUrl", url, "metricsBackend: existing");
  }
  switch (kind) {
    case "prometheus":
      rejectUnused(reader, "metricsUrl", url, "metricsBackend: existing");
      return { kind, sizing: { ...defaults.sizing, volume }, retention, remoteWrite, alerts };
    case "existing":
      return { kind, url: required(reader, "metricsUrl", url, "the URL of the existing Prometheus") };
    case "none":
      return { kind };
  }
}

function readAlerts(reader: ConfigReader): AlertsChoice | undefined {
  const [url, webhookUrl] = [readUrl(reader, "alertmanagerUrl"), readUrl(reader, "alertWebhookUrl")];
  if (url !== undefined && webhookUrl !== undefined) {
    reader.problem(
      "alertWebhookUrl",
      webhookUrl,
      "the Alertmanager at alertmanagerUrl has receivers of its own; remove one of the two",
    );
  }
  return url !== undefined
    ? { kind: "existing", url }
    : webhookUrl !== undefined
      ? { kind: "alertmanager", webhookUrl }
      : undefined;
}

function readTracing(reader: ConfigReader, { observability }: Profile): TracingChoice {
  const defaults = observability.tracing;
  const kind = reader.oneOf("tracingBackend", [...tracingBackendNames, "existing", "none"], "jaeger");
  const url = readUrl(reader, "tracingUrl");
  const storageKind = reader.oneOf("tracingStorage", ["memory", "elasticsearch", "opensearch"], "memory");
  const storageUrl = readUrl(reader, "tracingStorageUrl");
  if (kind === "existing" || kind === "none") {
    const storage = storageKind === "memory" ? undefined : storageKind;
    const when = `tracingBackend: ${tracingBackendNames.join(" or ")}`;
    rejectUnused(reader, "tracingStorage", storage, when);
    rejectUnused(reader, "tracingStorageUrl", storageUrl, when);
  }
  if (kind === "none") {
    rejectUnused(reader, "tracingUrl", url, "tracingBackend: existing");
  }
  switch (kind) {
    case "existing": {
      const { protocol, hostname, port, pathname, search } = new URL(
        required(reader, "tracingUrl", url, "the URL of OTLP over gRPC, for example http://collector.example.svc:4317"),
      );
      if (protocol === "https:") {
        const fix =
          "sidecars send spans like any request, in plain text to what is outside of the mesh; use http://, and a DestinationRule for TLS";
        reader.problem("tracingUrl", url, fix);
      }
      if (pathname !== "/" || search !== "") {
        reader.problem("tracingUrl", url, "gRPC has a path of its own; leave out what follows host and port");
      }
      return { kind, host: hostname, port: Number(port || 4317) };
    }
    case "none":
      return { kind };
    default:
      rejectUnused(reader, "tracingUrl", url, "tracingBackend: existing");
      if (storageKind === "memory") {
        rejectUnused(reader, "tracingStorageUrl", storageUrl, "tracingStorage: elasticsearch or opensearch");
        return {
          kind,
          sizing: { ...defaults.sizing, replicas: 1 },
          storage: { kind: "memory", maxTraces: defaults.maxTraces },
        };
      }
      return {
        kind,
        sizing: defaults.sizing,
        storage: {
          kind: storageKind,
          url: required(reader, "tracingStorageUrl", storageUrl, `the URL of ${storageKind}`),
        },
      };
  }
}

function readSampling(reader: ConfigReader, { observability }: Profile): number {
  const text = reader.textThat(
    "tracingSampling",
    undefined,
    (v) => /^\d+(\.\d+)?$/.test(v) && Number(v) <= 100,
    "use a percentage from 0 to 100",
  );
  return text === undefined ? observability.samplingPercent : Number(text);
}

function readLogs(reader: ConfigReader, { observability }: Profile): LogsChoice {
  const defaults = observability.loki;
  const kind = reader.oneOf("logsBackend", ["loki", "otlp", "elasticsearch", "none"], "loki");
  const url = readUrl(reader, "logsUrl");
  const retention = readDuration(reader, "logsRetention", defaults.retention);
  const volume = readVolume(reader, "logsVolume", defaults.sizing.volume);
  const bucket = reader.textThat(
    "logsBucket",
    undefined,
    (v) => /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(v),
    "use the name of an S3 bucket",
  );
  const region = reader.textThat(
    "logsBucketRegion",
    undefined,
    (v) => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(v),
    "use the name of a region, such as eu-central-1",
  );
  const endpoint = readUrl(reader, "logsBucketUrl");
  if (kind !== "loki") {
    const when = "logsBackend: loki";
    rejectUnused(reader, "logsRetention", reader.text("logsRetention", undefined), when);
    rejectUnused(reader, "logsVolume", reader.text("logsVolume", undefined), when);
    rejectUnused(reader, "logsBucket", bucket, when);
  }
  // A bucket whose name can't be read was noted already.
  if (bucket === undefined && !reader.problems.some(({ key }) => key === "logsBucket")) {
    rejectUnused(reader, "logsBucketRegion", region, "logsBucket");
    rejectUnused(reader, "logsBucketUrl", endpoint, "logsBucket");
  }
  if (kind === "none") {
    rejectUnused(reader, "logsUrl", url, "logsBackend: otlp or elasticsearch");
  }
  switch (kind) {
    case "loki":
      rejectUnused(reader, "logsUrl", url, "logsBackend: otlp or elasticsearch");
      return bucket === undefined
        ? {
            kind,
            sizing: { ...defaults.sizing, replicas: 1, volume },
            retention,
            storage: { kind: "filesystem" },
          }
        : {
            kind,
            sizing: { ...defaults.sizing, volume },
            retention,
            storage: { kind: "s3", bucket, region: region ?? "us-east-1", endpoint },
          };
    case "otlp":
    case "elasticsearch":
      return {
        kind: "existing",
        backend: {
          kind,
          url: required(reader, "logsUrl", url, `the URL of ${kind === "otlp" ? "OTLP over HTTP" : kind}`),
        },
      };
    case "none":
      return { kind };
  }
}

const urlFix = "use a URL with its scheme, http://... or https://..., and no user or password in it";

/** Stands for a URL that is missing, so that the rest can be read. */
const missingUrl = "http://missing";

function readUrl(reader: ConfigReader, key: string): string | undefined {
  const url = reader.text(key, undefined);
  if (url !== undefined && !isHttpUrl(url)) {
    reader.problem(key, withoutPassword(url), urlFix);
    return undefined;
  }
  return url?.replace(/\/+$/, "");
}

/** @returns a URL as it may be printed. */
function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//***@");
}

function isHttpUrl(value: string): boolean {
  // A password here would end up in a ConfigMap.
  return /^https?:\/\/[^\s/]+/.test(value) && URL.canParse(value) && !/^\w+:\/\/[^/]*@/.test(value);
}

function required(reader: ConfigReader, key: string, value: string | undefined, what: string): string {
  // A value that could not be read has its problem already.
  if (value === undefined && !reader.problems.some((problem) => problem.key === key)) {
    reader.problem(key, undefined, `give ${what}`);
  }
  return value ?? missingUrl;
}

function rejectUnused(reader: ConfigReader, key: string, value: unknown, when: string): void {
  if (value !== undefined) {
    reader.problem(key, value, `only used with ${when}; set that, or remove this key`);
  }
}

/** A hundred years, in seconds: what is longer by far overflows in Prometheus. */
const longestRetention = 100 * 31_536_000;

function readDuration(reader: ConfigReader, key: string, fallback: string): string {
  return reader.textThat(
    key,
    fallback,
    (v) => (durationSeconds(v) ?? Infinity) <= longestRetention,
    "use a whole number and one of s, m, h, d, w, y: for example 15d; at most 100y",
  );
}

function readVolume(reader: ConfigReader, key: string, fallback: string | undefined): string | undefined {
  const volume = reader.textThat(
    key,
    fallback,
    (v) => v === "none" || /^[1-9]\d*(Mi|Gi|Ti)$/.test(v),
    "use a size such as 10Gi, or none to keep data only as long as the pod",
  );
  return volume === "none" ? undefined : volume;
}
