import assert from "node:assert/strict";
import type { Relabeling } from "./prometheusConfig";
import { standardLabels, statsAccessLogFilter, statsAccessLogRelabelings } from "./statsAccessLog";

type Labels = Record<string, string>;

/** Rewrites a series as Prometheus does: regular expressions are anchored, an empty label is no label. */
function relabeled(series: Labels, rules: readonly Relabeling[]): Labels {
  let labels = { ...series };
  for (const { source_labels = [], regex = "(.*)", target_label = "", replacement = "$1", action } of rules) {
    const pattern = new RegExp(`^(?:${regex})$`);
    if (action === "labeldrop") {
      labels = Object.fromEntries(Object.entries(labels).filter(([name]) => !pattern.test(name)));
      continue;
    }
    const match = pattern.exec(source_labels.map((name) => labels[name] ?? "").join(";"));
    if (match) {
      labels[target_label] = replacement.replace(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? "");
    }
  }
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ""));
}

const pod = { app: "user-service", version: "v1", namespace: "demo", pod: "user-service-1" };
const request = {
  __name__: "envoy_istio_istio_requests_total",
  response_code: "200",
  response_flags: "-",
  request_protocol: "HTTP/1.1",
};
const callee = "outbound|8080||payment-service.demo.svc.cluster.local;";
const caller = "spiffe://cluster.local/ns/istio-ingress/sa/istio-ingressgateway";

/** What Kiali's graph needs of each series, as its released code was seen to want it. */
const kialiLabels = [
  ...["source_workload_namespace", "source_workload", "source_canonical_service", "source_canonical_revision"],
  ...["destination_service_namespace", "destination_service", "destination_service_name"],
  ...["destination_workload_namespace", "destination_workload"],
  ...["destination_canonical_service", "destination_canonical_revision"],
  ...["response_flags", "request_protocol"],
];

describe("metrics by the stats access logger", () => {
  const read = (series: Labels) => relabeled({ ...pod, ...series }, statsAccessLogRelabelings());
  const tcp = { __name__: "envoy_istio_istio_tcp_sent_bytes_total", response_flags: "-", request_protocol: "-" };
  const kinds: [string, Labels][] = [
    ["a server's request", { ...request, reporter: "destination", peer: caller, upstream_cluster: "inbound|8080||;" }],
    [
      "a request in plain text",
      { ...request, reporter: "destination", peer: "-", upstream_cluster: "inbound|8080||;" },
    ],
    ["a client's request", { ...request, reporter: "source", peer: "-", upstream_cluster: callee }],
    ["a request without a route", { ...request, reporter: "source", peer: "-", upstream_cluster: "-" }],
    ["a request that is refused", { ...request, reporter: "source", peer: "-", upstream_cluster: "BlackHoleCluster" }],
    ["a TCP connection of a client", { ...tcp, reporter: "source", peer: "-", upstream_cluster: callee }],
    [
      "a TCP connection of a server",
      { ...tcp, reporter: "destination", peer: caller, upstream_cluster: "inbound|1||" },
    ],
  ];

  for (const [kind, series] of kinds) {
    it(`give ${kind} every label of Istio's standard metrics`, () => {
      const labels = read(series);
      assert.deepEqual(
        [...standardLabels, ...kialiLabels].filter((label) => labels[label] === undefined),
        [],
      );
      assert.ok(!("peer" in labels) && !("upstream_cluster" in labels));
    });
  }

  it("name both ends, as far as they are known", () => {
    const [server, plain, client, lost, refused, tcpClient] = kinds.map(([, series]) => read(series));
    assert.deepEqual(
      [server, plain, client, lost, refused].map((labels) => [
        labels!.source_workload,
        labels!.destination_service_name,
      ]),
      [
        ["istio-ingressgateway", "user-service"],
        ["unknown", "user-service"],
        ["user-service", "payment-service"],
        ["user-service", "unknown"],
        ["user-service", "BlackHoleCluster"],
      ],
    );
    assert.equal(server!.__name__, "istio_requests_total");
    assert.deepEqual(
      [server, plain].map((labels) => labels!.connection_security_policy),
      ["mutual_tls", "none"],
    );
    assert.deepEqual([server!.destination_canonical_revision, client!.source_canonical_revision], ["v1", "v1"]);
    assert.deepEqual([client!.request_protocol, tcpClient!.request_protocol], ["http", "tcp"]);
    assert.equal(tcpClient!.__name__, "istio_tcp_sent_bytes_total");
  });

  it("count requests and connections of sidecars and gateways", () => {
    const patches = statsAccessLogFilter().configPatches;
    assert.deepEqual(
      patches.map(({ match }) => [match.context, match.listener?.filterChain?.filter?.name.split(".").at(-1)]),
      [
        ["SIDECAR_INBOUND", "http_connection_manager"],
        ["SIDECAR_INBOUND", "tcp_proxy"],
        ["SIDECAR_OUTBOUND", "http_connection_manager"],
        ["SIDECAR_OUTBOUND", "tcp_proxy"],
        ["GATEWAY", "http_connection_manager"],
        ["GATEWAY", "tcp_proxy"],
      ],
    );
  });
});
