/** Seconds of a duration as Prometheus and Loki write it, for example `15d`; undefined if it is none. */
export function durationSeconds(text: string): number | undefined {
  const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 };
  const match = /^([1-9]\d*)([smhdwy])$/.exec(text);
  return match ? Number(match[1]) * units[match[2]!]! : undefined;
}

/** A rule that rewrites labels, as Prometheus has it. */
export interface Relabeling {
  source_labels?: string[];
  separator?: string;
  regex?: string;
  target_label?: string;
  replacement?: string;
  action?: "replace" | "keep" | "drop" | "labeldrop" | "labelmap";
}

/** What is scraped besides the mesh itself: `host:port` by job. */
export type StaticTargets = Record<string, string>;

/** What {@link prometheusConfig} needs to know. */
export interface PrometheusConfigArgs {
  /** Namespace of istiod. */
  systemNamespace: string;
  /** Seconds between two scrapes. */
  scrapeSeconds: number;
  /** Backends that are scraped too. */
  targets: StaticTargets;
  /** Path of the metrics of a job in `targets`. Default `/metrics`. */
  metricsPaths?: Record<string, string>;
  /** Rules for the metrics of proxies without Istio's own metrics filter; see statsAccessLog.ts. */
  proxyRelabelings?: Relabeling[];
  /** URLs that every sample is sent on to. */
  remoteWrite: string[];
  /** URL of the Alertmanager that alerts are sent to. Default: none, they show on Prometheus' page alone. */
  alertmanagerUrl?: string;
}

/** Label of the pods that make load: their own proxies are left out of the statistics that they fill. */
export const loadGeneratorLabel = { "sidecar-mesh/load-generator": "true" } as const;

/** A pod's label as Prometheus' service discovery names it. */
const loadGeneratorMeta = "__meta_kubernetes_pod_label_sidecar_mesh_load_generator";

/** Where an injected container serves Envoy's, the agent's and the application's metrics as one page. */
const mergedMetrics = { port: 15020, path: "/stats/prometheus" };

/** @returns prometheus.yml; JSON is YAML too. */
export function prometheusConfig(args: PrometheusConfigArgs): string {
  const interval = `${args.scrapeSeconds}s`;
  return JSON.stringify(
    {
      global: { scrape_interval: interval, evaluation_interval: interval },
      rule_files: ["/etc/prometheus/rules.yml"],
      ...(args.alertmanagerUrl !== undefined && { alerting: alerting(args.alertmanagerUrl) }),
      ...(args.remoteWrite.length > 0 && { remote_write: args.remoteWrite.map((url) => ({ url })) }),
      scrape_configs: [
        istiodJob(args.systemNamespace),
        proxiesJob(args.proxyRelabelings ?? []),
        ...Object.entries(args.targets).map(([job, target]) => ({
          job_name: job,
          metrics_path: args.metricsPaths?.[job] ?? "/metrics",
          static_configs: [{ targets: [target] }],
        })),
      ],
    },
    undefined,
    2,
  );
}

function alerting(url: string) {
  const { protocol, host, pathname } = new URL(url);
  return {
    alertmanagers: [{ scheme: protocol.slice(0, -1), path_prefix: pathname, static_configs: [{ targets: [host] }] }],
  };
}

function istiodJob(namespace: string) {
  return {
    job_name: "istiod",
    kubernetes_sd_configs: [{ role: "pod", namespaces: { names: [namespace] } }],
    relabel_configs: [
      { source_labels: ["__meta_kubernetes_pod_label_app"], regex: "istiod", action: "keep" },
      // A pod has a target for each of its ports; one of them is enough to make the address from.
      { source_labels: ["__meta_kubernetes_pod_container_port_number"], regex: "15010", action: "keep" },
      {
        source_labels: ["__meta_kubernetes_pod_ip"],
        regex: "(.+)",
        target_label: "__address__",
        replacement: "$1:15014",
      },
      ...podLabels,
    ],
  };
}

function proxiesJob(metricRelabelings: Relabeling[]) {
  return {
    job_name: "mesh-proxies",
    metrics_path: mergedMetrics.path,
    kubernetes_sd_configs: [{ role: "pod" }],
    relabel_configs: [
      { source_labels: ["__meta_kubernetes_pod_container_name"], regex: "istio-proxy", action: "keep" },
      { source_labels: ["__meta_kubernetes_pod_container_port_number"], regex: "15090", action: "keep" },
      { source_labels: ["__meta_kubernetes_pod_phase"], regex: "Pending|Succeeded|Failed", action: "drop" },
      { source_labels: [loadGeneratorMeta], regex: "true", action: "drop" },
      {
        source_labels: ["__meta_kubernetes_pod_ip"],
        regex: "(.+)",
        target_label: "__address__",
        replacement: `$1:${mergedMetrics.port}`,
      },
      ...podLabels,
    ],
    metric_relabel_configs: metricRelabelings,
  };
}

const podLabels: Relabeling[] = [
  { source_labels: ["__meta_kubernetes_namespace"], target_label: "namespace" },
  { source_labels: ["__meta_kubernetes_pod_name"], target_label: "pod" },
  { source_labels: ["__meta_kubernetes_pod_label_app"], target_label: "app" },
  { source_labels: ["__meta_kubernetes_pod_label_version"], target_label: "version" },
];
