import { type Dashboard, type DashboardBuilder, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { board, choice, graph, lines, logGraph, number } from "./panels";

/** What a client sees of a server: rate, errors and durations, all from where the request arrives. */
function requests(filter: string, by: string) {
  const total = `istio_requests_total{${filter}}`;
  const failed = `istio_requests_total{${filter}, response_code=~"5.."}`;
  const bucket = `istio_request_duration_milliseconds_bucket{${filter}}`;
  const legend = `{{${by}}}`;
  return [
    graph("Requests", "reqps", { expr: `sum by (${by}) (rate(${total}[$__rate_interval]))`, legend }),
    graph("By response code", "reqps", {
      expr: `sum by (response_code) (rate(${total}[$__rate_interval]))`,
      legend: "{{response_code}}",
    }),
    graph("Errors (5xx)", "percentunit", {
      expr:
        `(sum by (${by}) (rate(${failed}[$__rate_interval])) or 0 * sum by (${by}) (rate(${total}[$__rate_interval]))) ` +
        `/ sum by (${by}) (rate(${total}[$__rate_interval]))`,
      legend,
    }),
    graph(
      "Latency",
      "ms",
      ...[0.5, 0.9, 0.99].map((quantile) => ({
        expr: `histogram_quantile(${quantile}, sum by (le) (rate(${bucket}[$__rate_interval])))`,
        legend: `p${quantile * 100}`,
      })),
    ),
  ];
}

function overview(): DashboardBuilder {
  const all = 'reporter="destination"';
  const dashboard = board("mesh-overview", "Mesh: overview")
    .withPanel(number("Requests a second", "reqps", "sum(service:istio_requests:rate5m)"))
    .withPanel(
      number(
        "Success",
        "percentunit",
        `sum(rate(istio_requests_total{${all}, response_code!~"5.."}[5m])) / sum(rate(istio_requests_total{${all}}[5m]))`,
      ),
    )
    .withPanel(number("Proxies", "short", 'count(up{job="mesh-proxies"} == 1)'))
    .withPanel(
      number(
        "Mutual TLS",
        "percentunit",
        `sum(rate(istio_requests_total{${all}, connection_security_policy="mutual_tls"}[5m])) / sum(rate(istio_requests_total{${all}}[5m]))`,
      ),
    );
  requests(all, "destination_service_name").forEach((panel) => dashboard.withPanel(panel));
  const service = "{{destination_service_name}}";
  return dashboard
    .withPanel(
      graph("p99 of each service", "ms", { expr: "service:istio_request_duration_milliseconds:p99", legend: service }),
    )
    .withPanel(
      graph("Errors of each service", "percentunit", {
        expr: "service:istio_requests_errors:ratio_rate5m",
        legend: service,
      }),
    );
}

function service(): DashboardBuilder {
  const filter =
    'reporter="destination", destination_service_namespace=~"$namespace", destination_service_name=~"$service"';
  const promised = 'destination_service_namespace=~"$namespace", destination_service_name=~"$service"';
  const dashboard = board("mesh-service", "Mesh: service")
    .withVariable(choice("namespace", "Namespace", "label_values(istio_requests_total, destination_service_namespace)"))
    .withVariable(
      choice(
        "service",
        "Service",
        'label_values(istio_requests_total{destination_service_namespace=~"$namespace"}, destination_service_name)',
      ),
    );
  requests(filter, "source_workload").forEach((panel) => dashboard.withPanel(panel));
  return dashboard
    .withPanel(
      graph("Response size", "bytes", {
        expr: `sum(rate(istio_response_bytes_sum{${filter}}[$__rate_interval])) / sum(rate(istio_response_bytes_count{${filter}}[$__rate_interval]))`,
        legend: "mean",
      }),
    )
    .withPanel(lines("Access log", '{service_name=~"$service"} |= "start_time"'))
    .withRow(new RowBuilder("Objectives (slo)"))
    .withPanel(
      number("Objective: budget of failures left", "percentunit", `min(service:slo_budget_left:ratio{${promised}})`),
    )
    .withPanel(
      graph("Objective: burn rate of the budget, by window", "short", {
        expr: `service:slo_bad:ratio{${promised}} / ignoring(window) group_left service:slo_budget:ratio{${promised}}`,
        legend: "{{destination_service_name}} {{window}}",
      }),
    );
}

function workload(): DashboardBuilder {
  const filter = 'destination_workload_namespace=~"$namespace", destination_workload=~"$workload"';
  const dashboard = board("mesh-workload", "Mesh: workload")
    .withVariable(
      choice("namespace", "Namespace", "label_values(istio_requests_total, destination_workload_namespace)"),
    )
    .withVariable(
      choice(
        "workload",
        "Workload",
        'label_values(istio_requests_total{destination_workload_namespace=~"$namespace"}, destination_workload)',
      ),
    );
  requests(`reporter="destination", ${filter}`, "source_workload").forEach((panel) => dashboard.withPanel(panel));
  const pods = 'job="mesh-proxies", namespace=~"$namespace", pod=~"$workload-.*"';
  return dashboard
    .withPanel(
      graph("Memory of its proxies", "bytes", { expr: `envoy_server_memory_allocated{${pods}}`, legend: "{{pod}}" }),
    )
    .withPanel(
      graph("Certificate of its proxies ends in", "s", {
        expr: `istio_agent_cert_expiry_seconds{${pods}}`,
        legend: "{{pod}}",
      }),
    );
}

function gateway(): DashboardBuilder {
  const dashboard = board("mesh-gateway", "Mesh: gateway");
  // Clients of the gateway are outside of the mesh, so the requests that it forwards are counted.
  requests('reporter="source", source_workload=~"istio-.*gateway.*"', "destination_service_name").forEach((panel) =>
    dashboard.withPanel(panel),
  );
  const pods = 'job="mesh-proxies", pod=~"istio-.*gateway.*"';
  return dashboard
    .withPanel(
      graph("Connections from outside", "short", {
        expr: `sum by (pod) (envoy_server_total_connections{${pods}})`,
        legend: "{{pod}}",
      }),
    )
    .withPanel(graph("Memory", "bytes", { expr: `envoy_server_memory_allocated{${pods}}`, legend: "{{pod}}" }))
    .withPanel(lines("Access log", '{service_name=~"istio-.*gateway.*"} |= "start_time"'));
}

function controlPlane(): DashboardBuilder {
  const istiod = 'job="istiod"';
  return board("mesh-control-plane", "Mesh: control plane")
    .withPanel(number("Proxies connected", "short", `sum(pilot_xds{${istiod}})`))
    .withPanel(number("Configuration refused", "short", "sum(pilot_total_xds_rejects) or vector(0)"))
    .withPanel(number("Root certificate ends in", "s", "min(citadel_server_root_cert_expiry_timestamp) - time()"))
    .withPanel(number("Targets down", "short", "sum(up == bool 0)"))
    .withPanel(
      graph("Configuration sent", "ops", {
        expr: `sum by (type) (rate(pilot_xds_pushes{${istiod}}[$__rate_interval]))`,
        legend: "{{type}}",
      }),
    )
    .withPanel(
      graph("Time until proxies have a change", "s", {
        expr: `histogram_quantile(0.99, sum by (le) (rate(pilot_proxy_convergence_time_bucket{${istiod}}[$__rate_interval])))`,
        legend: "p99",
      }),
    )
    .withPanel(graph("Memory", "bytes", { expr: `process_resident_memory_bytes{${istiod}}`, legend: "{{pod}}" }))
    .withPanel(
      graph("CPU", "short", {
        expr: `rate(process_cpu_seconds_total{${istiod}}[$__rate_interval])`,
        legend: "{{pod}}",
      }),
    );
}

function logs(): DashboardBuilder {
  return board("mesh-logs", "Mesh: logs")
    .withPanel(
      logGraph("Lines", "short", {
        expr: 'sum by (service_name) (count_over_time({service_name=~".+"}[$__interval]))',
        legend: "{{service_name}}",
      }),
    )
    .withPanel(
      logGraph("Requests by response code", "short", {
        expr: 'sum by (response_code) (count_over_time({service_name=~".+"} |= "start_time" | json | __error__="" [$__interval]))',
        legend: "{{response_code}}",
      }),
    )
    .withPanel(
      lines("Failed requests", '{service_name=~".+"} |= "start_time" | json | __error__="" | response_code >= 500'),
    )
    .withPanel(lines("Access log of all services", '{service_name=~".+"} |= "start_time"'))
    .withPanel(lines("What applications and proxies say", '{service_name=~".+"} != "start_time"'));
}

/** @returns every dashboard. */
export function dashboards(): Dashboard[] {
  return [overview(), service(), workload(), gateway(), controlPlane(), logs()].map((one) => one.build());
}

/** @returns the dashboards as files that Grafana reads. */
export function dashboardFiles(): Record<string, string> {
  return Object.fromEntries(dashboards().map((one) => [`${one.uid}.json`, JSON.stringify(one)]));
}
