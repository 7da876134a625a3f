import { knownHost } from "../components/proxyScope";
import { rateLimitHost } from "../components/rateLimit/rateLimitService";
import { spanReceiver } from "../components/observability/observabilityArgs";
import { calleesByCaller } from "./edges";
import type { Settings } from "./settings";

/** What proxies know, where that is limited. */
export interface ProxyScopes {
  /** What every sidecar knows. */
  common: string[];
  /** What who calls the gateway knows besides. */
  ofGateway: string[];
  /** @returns what the sidecars of a service know. */
  ofService(service: Settings["services"][number]): string[];
}

/** @returns what proxies know by the declared edges; undefined where they know the whole mesh. */
export function proxyScopes(settings: Settings): ProxyScopes | undefined {
  const { externalHosts, namespace, namespaces, observability, scope, services } = settings;
  if (!scope.declared) {
    return undefined;
  }
  const spans = spanReceiver(observability.tracing, namespaces.observability);
  const external = new Set(externalHosts.map(({ host }) => `${namespace}/${host}`));
  const common = [`${namespaces.system}/*`, ...(spans ? [`*/${spans.host}`] : []), ...external, ...scope.hosts];
  const callees = calleesByCaller(services, namespace);
  return {
    common,
    ofGateway: namespaces.gateway === namespaces.system ? [] : [`${namespaces.gateway}/*`],
    ofService: ({ serviceName, globalRateLimit, extAuthz }) => [
      ...common,
      // A DestinationRule of its own limits what a proxy lets in, too, and it takes no notice of one for a host that it
      // does not know.
      ...[serviceName, ...(callees.get(serviceName) ?? [])].map((name) => knownHost(namespace, name)),
      ...(globalRateLimit ? [rateLimitHost] : []),
      ...(extAuthz ? [`*/${extAuthz.host}`] : []),
    ],
  };
}
