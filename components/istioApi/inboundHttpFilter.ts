import type { EnvoyConfigPatch } from "./envoyFilter";

/** An HTTP filter as Envoy's configuration has it. */
export interface HttpFilter {
  name: string;
  typed_config: { "@type": string } & Record<string, unknown>;
}

/**
 * @returns the patch that puts an HTTP filter into the sidecars of servers, last before the application: what
 * authorization refuses never gets there. The place is relative to the router, so give the EnvoyFilter a priority: the
 * order among several must not be left to their age.
 */
export function inboundHttpFilter(filter: HttpFilter): EnvoyConfigPatch {
  const connectionManager = "envoy.filters.network.http_connection_manager";
  const router = "envoy.filters.http.router";
  return {
    applyTo: "HTTP_FILTER",
    match: {
      context: "SIDECAR_INBOUND",
      listener: { filterChain: { filter: { name: connectionManager, subFilter: { name: router } } } },
    },
    patch: { operation: "INSERT_BEFORE", value: { ...filter } },
  };
}
