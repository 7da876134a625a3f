import type { Identity } from "../../stacks/declared";
import { identityOf } from "../shared/accessLine";
import { growthOf, promql } from "../verify/backends";
import type { BackendContext, Sample } from "../verify/backends";

/** A caller of a service, and the requests that Prometheus has of it. */
export interface UsedEdge {
  /** Identity that mutual TLS proved; undefined for a request in plain text. */
  caller?: Identity;
  /** Name of the called service. */
  service: string;
  /** Requests that were answered with anything but 403. */
  answered: number;
  /** Requests that were answered with 403, which is how a sidecar refuses a caller. */
  refused: number;
}

/** What stands for the called service where the sidecar does not know it. */
export const unknownService = "unknown";

/** What Prometheus has of the edges. */
export interface SeenEdges {
  edges: UsedEdge[];
  /** Seconds for which Prometheus has watched, as far as they are within the asked time. */
  watchedSeconds: number;
}

/** @returns the edges in samples that have a caller's principal, a service and a status code. */
export function edgesOfSamples(samples: readonly Sample[]): UsedEdge[] {
  const edges = new Map<string, UsedEdge>();
  for (const { metric, value } of samples) {
    const {
      source_principal: principal,
      destination_service_name: service = unknownService,
      response_code: code,
    } = metric;
    const key = `${principal} ${service}`;
    const edge = edges.get(key) ?? { caller: identityOf(principal), service, answered: 0, refused: 0 };
    // The growth of a counter between scrapes is no whole number.
    edge[code === "403" ? "refused" : "answered"] += Math.round(Number(value[1]));
    edges.set(key, edge);
  }
  return [...edges.values()].filter(({ answered, refused }) => answered + refused > 0);
}

/**
 * Asks Prometheus who called the services in the last seconds. The servers' sidecars counted: what reached none is in
 * no series.
 * @throws Error if Prometheus does not answer.
 */
export async function usedEdges(context: BackendContext, seconds: number): Promise<SeenEdges> {
  const { namespaces, metrics } = context.declared;
  const series = `istio_requests_total{reporter="destination",destination_workload_namespace="${namespaces.mesh}"}`;
  const labels = "source_principal, destination_service_name, response_code";
  const [samples, scrapes] = await Promise.all([
    promql(context, `sum by (${labels}) (${growthOf(series, seconds)})`),
    promql(context, `max(count_over_time(up[${seconds}s]))`),
  ]);
  const watched = Number(scrapes[0]?.value[1] ?? 0) * metrics.scrapeSeconds;
  return { edges: edgesOfSamples(samples), watchedSeconds: Math.min(seconds, watched) };
}
