import { growthOf, promql } from "../verify/backends";
import type { Context } from "../verify/check";

/** What a version has to hold at each step. */
export interface Objective {
  /** Least percent of its requests that are not answered with 5xx. */
  success: number;
  /** Most milliseconds that 99 % of its requests take. */
  latencyMs: number;
  /** Fewest requests that it is judged by. */
  requests: number;
}

/** What Prometheus has of a version since a step began. */
export interface Measured {
  requests: number;
  /** Of those, answered with 5xx. */
  failed: number;
  /** Milliseconds that 99 % of them took at most; undefined if there were none. */
  p99Ms?: number;
}

/** What is to be done after a measurement. */
export type Judgement = { verdict: "holds" | "wait" } | { verdict: "broken"; cause: string };

/** @returns the percent of the requests that succeeded, to a hundredth. */
export function successOf({ requests, failed }: Measured): number {
  return requests === 0 ? 100 : Math.floor((10_000 * (requests - failed)) / requests) / 100;
}

/**
 * Judges a step. A version that breaks its objective is found out at once, one that holds it at the end of the hold.
 * @param seconds How long the step lasts; `hold` is how long it has to, `longest` how long it may wait for requests.
 */
export function judge(
  measured: Measured,
  { success, latencyMs, requests: fewest }: Objective,
  { seconds, hold, longest }: { seconds: number; hold: number; longest: number },
): Judgement {
  const { requests, p99Ms } = measured;
  if (requests < fewest) {
    return seconds < longest
      ? { verdict: "wait" }
      : {
          verdict: "broken",
          cause: `only ${requests} requests in ${Math.round(seconds)} s, and --requests asks for ${fewest}: send traffic, or ask for fewer`,
        };
  }
  if (successOf(measured) < success) {
    return {
      verdict: "broken",
      cause: `${successOf(measured)} % of ${requests} requests succeeded, less than ${success} %`,
    };
  }
  if (p99Ms !== undefined && p99Ms > latencyMs) {
    return {
      verdict: "broken",
      cause: `99 % of ${requests} requests took up to ${Math.round(p99Ms)} ms, more than ${latencyMs} ms`,
    };
  }
  return { verdict: seconds < hold ? "wait" : "holds" };
}

/**
 * Asks Prometheus for a version's requests of the last seconds. The servers' sidecars counted.
 * @throws Error if it does not answer.
 */
export async function measure(context: Context, service: string, version: string, seconds: number): Promise<Measured> {
  const { mesh } = context.declared.namespaces;
  const labels = [
    'reporter="destination"',
    `destination_workload_namespace="${mesh}"`,
    `destination_service_name="${service}"`,
    `destination_version="${version}"`,
  ].join(",");
  const number = async (query: string) => Number((await promql(context, query))[0]?.value[1] ?? Number.NaN);
  const grown = (name: string, more = "") => growthOf(`${name}{${labels}${more}}`, seconds);
  const [requests, failed, p99] = await Promise.all([
    number(`sum(${grown("istio_requests_total")})`),
    number(`sum(${grown("istio_requests_total", ',response_code=~"5.."')})`),
    number(`histogram_quantile(0.99, sum by (le) (${grown("istio_request_duration_milliseconds_bucket")}))`),
  ]);
  return {
    requests: Math.round(requests || 0),
    failed: Math.round(failed || 0),
    ...(Number.isFinite(p99) && { p99Ms: p99 }),
  };
}
