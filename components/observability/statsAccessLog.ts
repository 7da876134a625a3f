import type { EnvoyConfigPatch, EnvoyFilterSpec } from "../istioApi/envoyFilter";
import type { Relabeling } from "./prometheusConfig";

/**
 * Istio's own metrics filter is compiled into Istio's Envoy. An Envoy without it still has an access logger that counts, so that
 * `istio_requests_total` and the durations can be had from it: this file asks it to, and tells Prometheus how to give the series
 * Istio's names and labels. What the proxy can't know without Istio's filters stays approximate: a workload is named after its label
 * `app` or its service account, and the destination of a client's request after the Service.
 */

/** Envoy puts this, and its own prefix, before each name. */
const prefix = "istio";

/** Labels by name, and what Envoy fills them with. */
const commonTags = {
  response_code: "%RESPONSE_CODE%",
  response_flags: "%RESPONSE_FLAGS%",
  request_protocol: "%PROTOCOL%",
  upstream_cluster: "%UPSTREAM_CLUSTER%",
  peer: "%DOWNSTREAM_PEER_URI_SAN%",
};

/** @returns an EnvoyFilter that makes every proxy of the mesh count requests, as client and as server. */
export function statsAccessLogFilter(): EnvoyFilterSpec {
  return {
    priority: 10,
    configPatches: [
      patch("SIDECAR_INBOUND", "destination"),
      patch("SIDECAR_OUTBOUND", "source"),
      patch("GATEWAY", "source"),
    ],
  };
}

function patch(context: EnvoyConfigPatch["match"]["context"], reporter: "source" | "destination"): EnvoyConfigPatch {
  const tags = Object.entries({ reporter, ...commonTags }).map(([name, format]) => ({ name, value_format: format }));
  const stat = (name: string) => ({ name, tags });
  const size = (name: string, format: string) => ({ stat: stat(name), unit: "Bytes", value_format: format });
  return {
    applyTo: "NETWORK_FILTER",
    match: {
      context,
      listener: { filterChain: { filter: { name: "envoy.filters.network.http_connection_manager" } } },
    },
    patch: {
      operation: "MERGE",
      value: {
        typed_config: {
          "@type":
            "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
          access_log: [
            {
              name: "envoy.access_loggers.stats",
              typed_config: {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.stats.v3.Config",
                stat_prefix: prefix,
                counters: [{ stat: stat("istio_requests_total"), value_fixed: 1 }],
                histograms: [
                  {
                    stat: stat("istio_request_duration_milliseconds"),
                    unit: "Milliseconds",
                    value_format: "%DURATION%",
                  },
                  size("istio_request_bytes", "%BYTES_RECEIVED%"),
                  size("istio_response_bytes", "%BYTES_SENT%"),
                ],
              },
            },
          ],
        },
      },
    },
  };
}

/** @returns rules that turn what {@link statsAccessLogFilter} counts into Istio's series. The target has the labels of its pod. */
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
    }),
    ...set(server, ["peer"], ".*", { source_workload: "unknown", source_workload_namespace: "unknown" }),
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
      source_workload_namespace: "$3",
    }),
    ...set(client, ["upstream_cluster"], ".*", { destination_service_name: "unknown" }),
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
    { regex: "upstream_cluster|peer", action: "labeldrop" },
  ];
}
