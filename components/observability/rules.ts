import { objectiveRules } from "./objectives";
import type { Objective } from "./objectives";

/** A recording rule or an alert, as Prometheus has it. */
export interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  for?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** Counted where the request arrives; only what has no sidecar, such as a host outside, is counted where it leaves. */
const server = 'reporter="destination"';

/** Labels that identify a service. */
const service = "destination_service_name, destination_service_namespace";

const latency = (quantile: number): Rule => ({
  record: `service:istio_request_duration_milliseconds:p${Math.round(quantile * 100)}`,
  expr: `histogram_quantile(${quantile}, sum by (le, ${service}) (rate(istio_request_duration_milliseconds_bucket{${server}}[5m])))`,
});

/** Request rate, error ratio and latency of each service, worked out once so that dashboards and alerts agree. */
export const recordingRules: Rule[] = [
  {
    record: "service:istio_requests:rate5m",
    expr: `sum by (${service}) (rate(istio_requests_total{${server}}[5m]))`,
  },
  {
    record: "service:istio_requests_errors:ratio_rate5m",
    // `or` gives a service without a single error 0 rather than no value.
    expr:
      `(sum by (${service}) (rate(istio_requests_total{${server}, response_code=~"5.."}[5m])) ` +
      `or 0 * sum by (${service}) (rate(istio_requests_total{${server}}[5m]))) ` +
      `/ sum by (${service}) (rate(istio_requests_total{${server}}[5m]))`,
  },
  latency(0.5),
  latency(0.9),
  latency(0.99),
];

const aService = "{{ $labels.destination_service_name }} in {{ $labels.destination_service_namespace }}";
const day = 86_400;

/** Alerts for conditions that need attention. */
export const alertingRules: Rule[] = [
  {
    alert: "MeshHighErrorRatio",
    expr: "service:istio_requests_errors:ratio_rate5m > 0.05",
    for: "5m",
    labels: { severity: "critical" },
    annotations: { summary: `${aService} answers {{ $value | humanizePercentage }} of its requests with 5xx` },
  },
  {
    alert: "MeshHighLatency",
    expr: "service:istio_request_duration_milliseconds:p99 > 1000",
    for: "10m",
    labels: { severity: "warning" },
    annotations: { summary: `${aService}: 1 % of its requests take more than {{ $value }} ms` },
  },
  {
    alert: "MeshWorkloadCertificateExpires",
    // Certificates live a day and are renewed at half of it: two hours left means that renewal fails.
    expr: 'min by (namespace, pod) (istio_agent_cert_expiry_seconds{resource_name="default"}) < 7200',
    for: "5m",
    labels: { severity: "critical" },
    annotations: { summary: "the certificate of {{ $labels.pod }} in {{ $labels.namespace }} is not being renewed" },
  },
  {
    alert: "MeshRootCertificateExpires",
    expr: `min(citadel_server_root_cert_expiry_timestamp) - time() < ${30 * day}`,
    for: "1h",
    labels: { severity: "warning" },
    annotations: { summary: "istiod's root certificate ends in {{ $value | humanizeDuration }}" },
  },
  {
    alert: "MeshConfigRejected",
    expr: "sum by (type) (increase(pilot_total_xds_rejects[5m])) > 0",
    for: "5m",
    labels: { severity: "warning" },
    annotations: { summary: "proxies refuse configuration of type {{ $labels.type }} from istiod" },
  },
  {
    alert: "MeshScrapeFails",
    expr: "up == 0",
    for: "5m",
    labels: { severity: "warning" },
    annotations: { summary: "{{ $labels.job }} {{ $labels.instance }} can't be scraped" },
  },
];

/**
 * @param objectives What services promise.
 * @param scrapeSeconds Seconds between two scrapes.
 * @returns rules.yml; JSON is YAML too.
 */
export function prometheusRules(objectives: readonly Objective[], scrapeSeconds: number): string {
  const rules = objectives.map((one) => objectiveRules(one, scrapeSeconds));
  return JSON.stringify(
    {
      groups: [
        { name: "mesh-recording", rules: recordingRules },
        { name: "mesh-alerts", rules: alertingRules },
        { name: "mesh-objectives-windows", interval: "1m", rules: rules.flatMap(({ seldom }) => seldom) },
        { name: "mesh-objectives", rules: rules.flatMap(({ often }) => often) },
      ].filter(({ rules: some }) => some.length > 0),
    },
    undefined,
    2,
  );
}
