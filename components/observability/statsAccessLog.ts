import type { EnvoyConfigPatch, EnvoyFilterSpec } from "../istioApi/envoyFilter";
import type { Relabeling } from "./prometheusConfig";

/**
 * Istio's own metrics filter is compiled into Istio's Envoy. An Envoy without it still has an access logger that
 * counts, which can produce `istio_requests_total` and the durations. This file configures that logger, and the rules
 * by which Prometheus gives the series Istio's names and labels. What the proxy can't know without Istio's filters
 * stays approximate: a workload is named after its label `app` or its service account, and the destination of a
 * client's request after the Service.
 */

/** Envoy puts this, and its own prefix, before each name. */
const prefix = "istio";

/** Labels of every series by name, and what Envoy fills them with. */
const commonTags = {
  response_flags: "%RESPONSE_FLAGS%",
  request_protocol: "%PROTOCOL%",
  upstream_cluster: "%UPSTREAM_CLUSTER%",
  peer: "%DOWNSTREAM_PEER_URI_SAN%",
};

type Reporter = "source" | "destination";

/**
 * Labels of Istio's standard metrics for both ends of a request, and its result. Kiali leaves out each series that
 * lacks one.
 */
export const standardLabels = [
  ...["source_workload", "source_workload_namespace", "source_principal", "source_app", "source_version"],
  ...["source_cluster", "source_canonical_service", "source_canonical_revision"],
  ...["destination_workload", "destination_workload_namespace", "destination_principal", "destination_app"],
  ...["destination_version", "destination_cluster", "destination_service", "destination_service_name"],
  ...["destination_service_namespace", "destination_canonical_service", "destination_canonical_revision"],
  ...["request_protocol", "response_flags", "connection_security_policy"],
] as const;

/**
 * @returns an EnvoyFilter that makes every proxy of the mesh count requests and TCP connections, as client and as
 * server.
 */
export function statsAccessLogFilter(): EnvoyFilterSpec {
  const contexts = [
    ["SIDECAR_INBOUND", "destination"],
    ["SIDECAR_OUTBOUND", "source"],
    ["GATEWAY", "source"],
  ] as const;
  return {
    priority: 10,
    configPatches: contexts.flatMap(([context, reporter]) => [
      loggerPatch(context, "http_connection_manager", "HttpConnectionManager", httpStats(reporter)),
      loggerPatch(context, "tcp_proxy", "TcpProxy", tcpStats(reporter)),
    ]),
  };
}

function tagsOf(tags: Record<string, string>) {
  return Object.entries(tags).map(([name, format]) => ({ name, value_format: format }));
}

function httpStats(reporter: Reporter) {
  const tags = tagsOf({ reporter, response_code: "%RESPONSE_CODE%", ...commonTags });
  const histogram = (name: string, unit: string, format: string) => ({
    stat: { name, tags },
    unit,
    value_format: format,
  });
  return {
    counters: [{ stat: { name: "istio_requests_total", tags }, value_fixed: 1 }],
    histograms: [
      histogram("istio_request_duration_milliseconds", "Milliseconds", "%DURATION%"),
      histogram("istio_request_bytes", "Bytes", "%BYTES_RECEIVED%"),
      histogram("istio_response_bytes", "Bytes", "%BYTES_SENT%"),
    ],
  };
}

/** An access log is written when a connection ends: it is counted as opened and closed then. */
function tcpStats(reporter: Reporter) {
  const tags = tagsOf({ reporter, ...commonTags });
  const stat = (name: string) => ({ name: `istio_tcp_${name}_total`, tags });
  return {
    counters: [
      { stat: stat("connections_opened"), value_fixed: 1 },
      { stat: stat("connections_closed"), value_fixed: 1 },
      { stat: stat("sent_bytes"), value_format: "%BYTES_SENT%" },
      { stat: stat("received_bytes"), value_format: "%BYTES_RECEIVED%" },
    ],
  };
}

function loggerPatch(
  context: EnvoyConfigPatch["match"]["context"],
  filter: "http_connection_manager" | "tcp_proxy",
  type: "HttpConnectionManager" | "TcpProxy",
  stats: Record<string, unknown>,
): EnvoyConfigPatch {
  return {
    applyTo: "NETWORK_FILTER",
    match: { context, listener: { filterChain: { filter: { name: `envoy.filters.network.${filter}` } } } },
    patch: {
      operation: "MERGE",
      value: {
        typed_config: {
          "@type": `type.googleapis.com/envoy.extensions.filters.network.${filter}.v3.${type}`,
          access_log: [
            {
              name: "envoy.access_loggers.stats",
              typed_config: {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.stats.v3.Config",
                stat_prefix: prefix,
                ...stats,
              },
            },
          ],
        },
      },
    },
  };
}

/** Name of the cluster in Istio's metrics, unless the chart's `global.multiCluster.clusterName` gives it another. */
const cluster = "Kubernetes";

/**
 * @returns rules that turn what {@link statsAccessLogFilter} counts into Istio's series. The target has the labels of
 * its pod.
 */
export function statsAccessLogRelabelings(): Relabeling[] {
  const server = "istio_.+;destination";
  const client = "istio_.+;source";
  const set = (of: string, source: string[], regex: string, labels: Record<string, string>): Relabeling[] =>
    Object.entries(labels).map(([target_label, replacement]) => ({
      source_labels: ["__name__", "reporter", ...source],
      regex: `${of};${regex}`,
      target_label,
      replacement,
    }));
  return [
    { source_labels: ["__name__"], regex: `envoy_${prefix}_(istio_.+)`, target_label: "__name__", replacement: "$1" },
    ...set(server, ["app", "version", "namespace"], "([^;]+);([^;]*);([^;]+)", {
      destination_workload: "$1",
      destination_app: "$1",
      destination_canonical_service: "$1",
      destination_version: "$2",
      destination_canonical_revision: "$2",
      destination_workload_namespace: "$3",
      destination_service_name: "$1",
      destination_service_namespace: "$3",
      destination_service: "$1.$3.svc.cluster.local",
      destination_cluster: cluster,
    }),
    ...set(server, ["peer"], ".*", { connection_security_policy: "none" }),
    ...set(server, ["peer"], "(spiffe://.+/ns/([^/]+)/sa/(.+))", {
      source_principal: "$1",
      source_workload_namespace: "$2",
      source_workload: "$3",
      source_app: "$3",
      source_canonical_service: "$3",
      connection_security_policy: "mutual_tls",
    }),
    ...set(client, ["app", "version", "namespace"], "([^;]+);([^;]*);([^;]+)", {
      source_workload: "$1",
      source_app: "$1",
      source_canonical_service: "$1",
      source_version: "$2",
      source_canonical_revision: "$2",
      source_workload_namespace: "$3",
      source_cluster: cluster,
    }),
    // Istio names requests so that go to no Service.
    ...set(client, ["upstream_cluster"], "(BlackHoleCluster|PassthroughCluster);?", { destination_service_name: "$1" }),
    // outbound|PORT|SUBSET|HOST, and a ; after it.
    ...set(client, ["upstream_cluster"], "outbound\\|[0-9]+\\|[^|]*\\|(([^.|]+)\\.([^.]+)\\.[^;]+);?", {
      destination_service: "$1",
      destination_service_name: "$2",
      destination_workload: "$2",
      destination_app: "$2",
      destination_canonical_service: "$2",
      destination_service_namespace: "$3",
      destination_workload_namespace: "$3",
    }),
    {
      source_labels: ["__name__", "request_protocol"],
      regex: "istio_.+;HTTP.*",
      target_label: "request_protocol",
      replacement: "http",
    },
    { source_labels: ["__name__"], regex: "istio_tcp_.+", target_label: "request_protocol", replacement: "tcp" },
    // What nothing above filled: a request that failed before it had an endpoint, the other end of a connection, plain
    // text.
    ...standardLabels.map((label) => ({
      source_labels: ["__name__", label],
      regex: "istio_.+;",
      target_label: label,
      replacement: "unknown",
    })),
    { regex: "upstream_cluster|peer", action: "labeldrop" },
  ];
}
