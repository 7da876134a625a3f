import type { LiveObject } from "../../../cluster/kubeClient";
import { promql, until } from "../backends";
import type { Check, Context, Outcome } from "../check";
import { fail, pass, skip } from "../check";
import { followedRoute } from "../gatewayRoute";
import { backendDown } from "../workloads";

/** Requests that are sent to be found again. */
const fewestRequests = 30;

/** Seconds beyond one scrape until requests have to be counted. */
const slackSeconds = 5;

/**
 * @param loadPerSecond What the load generator sends meanwhile; undefined if it is off.
 * @param seconds How long it may do so.
 * @returns how many requests have to be sent so that the load generator's alone could not pass for them.
 */
export function requestsToSend(loadPerSecond: number | undefined, seconds: number): number {
  return Math.max(fewestRequests, Math.ceil(2 * (loadPerSecond ?? 0) * seconds));
}

/** What is known when requests are not counted. */
export interface MetricsFacts {
  /** Targets of the proxies by whether they could be scraped, and why the first one could not. */
  up: number;
  down: number;
  lastError?: string;
  /** Whether the mesh-wide EnvoyFilter that counts is there. */
  counter: boolean;
  telemetries: readonly LiveObject[];
}

interface TelemetrySpec {
  selector?: unknown;
  metrics?: { overrides?: { disabled?: boolean }[] }[];
}

/** @returns why requests are not counted, and the command to look further. */
export function metricsCause(
  facts: MetricsFacts,
  { statsAccessLog, system, kubectl }: { statsAccessLog: boolean; system: string; kubectl: string },
): { cause: string; next: string } {
  if (statsAccessLog && !facts.counter) {
    return {
      cause: `EnvoyFilter ${system}/stats-access-log is gone, which makes these proxies count requests: run npm start -- --refresh`,
      next: `${kubectl} -n ${system} get envoyfilter`,
    };
  }
  const silent = facts.telemetries.find(({ spec }) => {
    const { selector, metrics = [] } = (spec ?? {}) as TelemetrySpec;
    return !selector && metrics.some(({ overrides = [] }) => overrides.some(({ disabled }) => disabled));
  });
  if (silent) {
    const { namespace, name } = silent.metadata ?? {};
    return {
      cause: `Telemetry ${namespace}/${name} switches metrics off`,
      next: `${kubectl} -n ${namespace} get telemetry ${name} -o yaml`,
    };
  }
  if (facts.up === 0 || facts.down > 0) {
    return {
      cause:
        facts.up + facts.down === 0
          ? "Prometheus finds no proxy to scrape: its configuration, or its right to list pods, was changed"
          : `Prometheus can't scrape ${facts.down} of ${facts.up + facts.down} proxies${facts.lastError ? `: ${facts.lastError}` : ""}`,
      next: `${kubectl} -n observability logs statefulset/prometheus --tail 20`,
    };
  }
  return {
    cause: "the proxies are scraped, but do not count these requests: Istio's metrics filter is missing or was changed",
    next: `${kubectl} get telemetry,envoyfilter -A`,
  };
}

const counted = (service: string, namespace: string) =>
  `istio_requests_total{reporter="destination",destination_service_name="${service}",destination_workload_namespace="${namespace}"}`;

/** Requests that each pod of a service has counted. */
export type Counts = Record<string, number>;

/**
 * @returns how many requests came since. A pod that ended meanwhile takes what it had counted with it, and that is no
 * loss.
 */
export function grown(before: Counts, now: Counts): number {
  return Object.entries(now).reduce((sum, [pod, count]) => sum + Math.max(0, count - (before[pod] ?? 0)), 0);
}

/** @returns how many requests were counted; undefined if none ever was. */
async function counts(context: Context, service: string): Promise<Counts | undefined> {
  const samples = await promql(context, `sum by (pod) (${counted(service, context.declared.namespaces.mesh)})`);
  const found = samples.map(({ metric, value }) => [metric.pod ?? "", Number(value[1])] as const);
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

async function gatherFacts(context: Context): Promise<MetricsFacts> {
  const { cluster, declared } = context;
  const { system, mesh } = declared.namespaces;
  const [targets, filters, telemetries] = await Promise.all([
    promql(context, 'up{job="mesh-proxies"}'),
    cluster.list("networking.istio.io/v1alpha3", "EnvoyFilter", system),
    Promise.all([system, mesh].map((one) => cluster.list("telemetry.istio.io/v1", "Telemetry", one))),
  ]);
  const up = targets.filter(({ value }) => value[1] === "1").length;
  return {
    up,
    down: targets.length - up,
    counter: filters.some(({ metadata }) => metadata?.name === "stats-access-log"),
    telemetries: telemetries.flat(),
  };
}

/** @returns one number of Prometheus as text, rounded. */
async function figure(context: Context, query: string, digits: number): Promise<string> {
  const value = Number((await promql(context, query))[0]?.value[1] ?? Number.NaN);
  return Number.isNaN(value) ? "unknown" : value.toFixed(digits);
}

/** Are requests counted within one scrape? */
export const metrics: Check = {
  name: "metrics",
  description: "requests just sent are counted",
  needs: ["routes"],
  async run(context): Promise<Outcome> {
    const { cluster, declared, http } = context;
    const { observability, mesh, system } = declared.namespaces;
    const { kind, scrapeSeconds } = declared.metrics;
    if (kind !== "prometheus") {
      return skip(`Prometheus is not part of the stack: metricsBackend is ${kind}`);
    }
    const route = followedRoute(context);
    if ("verdict" in route) {
      return route;
    }
    const { service, url } = route;
    const down = await backendDown(cluster, observability, "prometheus", "Prometheus");
    if (down) {
      return down;
    }
    const waitSeconds = scrapeSeconds + slackSeconds;
    // What the last scrape before saw may be one scrape old.
    const send = requestsToSend(declared.loadPerSecond, waitSeconds + scrapeSeconds);
    const whyNot = async (seen: string) => {
      const about = { statsAccessLog: declared.statsAccessLog, system, kubectl: cluster.kubectl };
      const { cause, next } = metricsCause(await gatherFacts(context), about);
      return fail(`${seen} in ${waitSeconds} s`, cause, next);
    };
    // A Prometheus that has just started knows nothing yet, and would take all that ever was for what is sent now.
    const { found: before } = await until(waitSeconds, () => counts(context, service.name));
    if (before === undefined) {
      return whyNot(`no request to ${service.name} was counted`);
    }
    await Promise.all(Array.from({ length: send }, () => http.get(url)));
    const { found, seconds } = await until(waitSeconds, async () => {
      const now = await counts(context, service.name);
      return now && grown(before, now) >= send ? now : undefined;
    });
    if (found === undefined) {
      const seen = grown(before, (await counts(context, service.name)) ?? {});
      return whyNot(`${seen} of ${send} requests to ${service.name} were counted`);
    }
    const all = `istio_requests_total{reporter="destination",destination_workload_namespace="${mesh}"}`;
    const bucket = `istio_request_duration_milliseconds_bucket{reporter="destination",destination_workload_namespace="${mesh}"}`;
    const quantile = (q: number) => `histogram_quantile(${q}, sum by (le) (rate(${bucket}[2m])))`;
    const [ratio, p50, p99] = await Promise.all([
      figure(context, `100 * sum(rate(${all.replace("}", ',response_code!~"5.."}')}[2m])) / sum(rate(${all}[2m]))`, 2),
      figure(context, quantile(0.5), 1),
      figure(context, quantile(0.99), 1),
    ]);
    return pass(
      `${send} requests to ${service.name} counted after ${seconds.toFixed(1)} s; of the last 2 minutes ${ratio} % succeeded, p50 ${p50} ms, p99 ${p99} ms`,
    );
  },
};
