import type { LiveObject } from "../../../sandbox/applier/kubeClient";
import type { DeclaredService } from "../../../stacks/declared";
import type { Check, Context, Outcome } from "../check";
import { fail, pass, skip } from "../check";
import { askEnvoy } from "../envoy";
import type { Difference, Json } from "../envoyConfig";
import { breakerDifferences, rateLimitDifferences, routeDifferences } from "../envoyConfig";
import { gatewayPods, servicePods } from "../meshPods";
import { isReady, nameOf } from "../objects";

/** Objects that say what a difference is about. */
const objectOf = (service: string, routes: string, { what }: Difference) =>
  /^(r|globalR)ateLimit/.test(what)
    ? `EnvoyFilter ${service}-rate-limit${what.startsWith("global") ? "-global" : ""}`
    : what.startsWith("circuitBreaker")
      ? `DestinationRule ${service}`
      : `VirtualService ${routes}-vs`;

/** @returns whether every service's policy is in Envoy as it was declared. */
export function judgePolicies(
  found: readonly { service: DeclaredService; where: string; differences: Difference[] }[],
  { mesh, routes, kubectl }: { mesh: string; routes: string; kubectl: string },
): Outcome {
  const off = found.filter(({ differences }) => differences.length > 0);
  const [first] = off;
  if (first) {
    const [difference] = first.differences as [Difference];
    const object = objectOf(first.service.name, routes, difference);
    return fail(
      off
        .flatMap(({ service, differences }) =>
          differences.map(
            ({ what, declared, envoy }) => `${service.name} ${what}: declared ${declared}, Envoy has ${envoy}`,
          ),
        )
        .join("; "),
      `${difference.what} of ${first.service.name} is ${difference.envoy} in Envoy (${first.where}), and was declared as ${difference.declared}: ${object} was changed or removed, or another one overrides it. Run npm start again`,
      `${kubectl} -n ${mesh} get virtualservice,destinationrule,envoyfilter -o yaml`,
    );
  }
  const told = found.map(({ service }) => {
    const { name, timeout, retries, circuitBreaker, rateLimit, globalRateLimit } = service;
    const parts = [
      timeout && `timeout ${timeout}`,
      retries && `${retries.attempts} retries`,
      circuitBreaker && "circuit breaker",
      rateLimit && "rate limit",
      globalRateLimit && "global rate limit",
    ].filter((part) => part !== undefined);
    return `${name}: ${parts.join(", ") || "none"}`;
  });
  return pass([...new Set(told)].join("; "));
}

/** @returns a pod whose proxy sends requests to a service: the gateway's where it has a path, else that of a caller. */
function callerOf(
  service: DeclaredService,
  gateway: LiveObject,
  mesh: string,
  pods: Map<string, LiveObject[]>,
): LiveObject | undefined {
  if (service.path !== undefined) {
    return gateway;
  }
  // Each service runs as the account of its name.
  return service.callers
    .filter(({ namespace }) => namespace === mesh)
    .flatMap(({ serviceAccount }) => pods.get(serviceAccount) ?? [])
    .find(isReady);
}

/** Are timeout, retries, circuit breaker and rate limit in Envoy as declared? */
export const trafficPolicy: Check = {
  name: "traffic-policy",
  description: "timeouts, retries, limits in Envoy as declared",
  needs: ["routes", "injected"],
  async run(context: Context) {
    const { cluster, declared } = context;
    const { mesh } = declared.namespaces;
    const [gateway] = (await gatewayPods(context)).filter(isReady);
    if (!gateway) {
      return skip("no gateway pod is ready");
    }
    const dump = (pod: Parameters<typeof askEnvoy>[1], resource: string) =>
      askEnvoy<Json>(cluster, pod, `/config_dump?resource=${resource}`);
    const [routes, pods] = await Promise.all([dump(gateway, "dynamic_route_configs"), servicePods(context)]);
    // Asked once each, though many services have the same caller.
    const clustersOf = new Map<LiveObject, Promise<Json>>();
    const clusters = (pod: LiveObject) => {
      const known = clustersOf.get(pod) ?? dump(pod, "dynamic_active_clusters");
      clustersOf.set(pod, known);
      return known;
    };
    const found = await Promise.all(
      declared.services.map(async (service) => {
        const host = `${service.name}.${mesh}.svc.cluster.local`;
        const pod = (pods.get(service.name) ?? []).find(isReady);
        const isLimited = service.rateLimit !== undefined || service.globalRateLimit !== undefined;
        const listeners = isLimited && pod ? await dump(pod, "dynamic_listeners") : [];
        // Nobody's proxy has the circuit breaker of a service that nobody calls.
        const caller = service.circuitBreaker && callerOf(service, gateway, mesh, pods);
        return {
          service,
          where: nameOf(isLimited && pod ? pod : (caller ?? gateway)),
          differences: [
            ...(service.path === undefined ? [] : routeDifferences(service, routes)),
            ...(caller ? breakerDifferences(service, await clusters(caller), host) : []),
            ...rateLimitDifferences(service, listeners),
          ],
        };
      }),
    );
    return judgePolicies(found, { mesh, routes: declared.gateway.routes, kubectl: cluster.kubectl });
  },
};
