import { serviceHost } from "../../../components/hosts";
import type { LiveObject } from "../../../cluster/kubeClient";
import { httpRouteName, virtualServiceName } from "../../../components/ingressRoutes";
import type { DeclaredMesh, DeclaredService } from "../../../stacks/declared";
import { callerNamespaces, callersOf } from "../callers";
import type { Caller } from "../callers";
import type { Check, Context, Outcome } from "../check";
import { fail, pass, skip } from "../check";
import { askEnvoy, servicePods } from "../meshPods";
import type { Difference, Json } from "../envoyConfig";
import {
  breakerDifferences,
  hostsOfRules,
  rateLimitDifferences,
  routeDifferences,
  rulesOfHost,
  rulesOfPath,
} from "../envoyConfig";
import { isReady, nameOf } from "../objects";

/** A service's policies as the Envoy of one pod has them. */
export interface View {
  /** Whose Envoy: one that calls the service, or the service's own, which limits what it lets in. */
  of: Caller["kind"] | "itself";
  /** Name of the pod. */
  pod: string;
  differences: Difference[];
}

/** A service and every Envoy that was asked for its policies. */
export interface Viewed {
  service: DeclaredService;
  views: View[];
}

/** A difference, and whose it is. */
interface Different {
  service: DeclaredService;
  of: View["of"];
  what: string;
  gateway: Pick<DeclaredMesh["gateway"], "routes" | "api">;
}

/** @returns the object that a difference is about. */
function objectOf({ service: { name: service, path = "/" }, of, what, gateway: { routes, api } }: Different): string {
  if (/^(r|globalR)ateLimit/.test(what)) {
    return `EnvoyFilter ${service}-rate-limit${what.startsWith("global") ? "-global" : ""}`;
  }
  if (what.startsWith("circuitBreaker")) {
    return `DestinationRule ${service}`;
  }
  return of === "gateway" && api === "gateway"
    ? `HTTPRoute ${httpRouteName(routes, path)}`
    : `VirtualService ${of === "gateway" ? virtualServiceName(routes) : service}`;
}

/** @returns what is declared of a service, by the Envoy that has it. */
function declaredParts({ timeout, retries, circuitBreaker, rateLimit, globalRateLimit }: DeclaredService) {
  const texts = (parts: (string | false | undefined)[]) => parts.filter((part) => typeof part === "string");
  return {
    callers: texts([
      timeout && `timeout ${timeout}`,
      retries && `${retries.attempts} retries`,
      circuitBreaker && "circuit breaker",
    ]),
    itself: texts([rateLimit && "rate limit", globalRateLimit && "global rate limit"]),
  };
}

/** @returns what was compared of a service, and what was not, with the reason. */
function comparedOf({ service, views }: Viewed): { compared: string[]; left: string[] } {
  const parts = declaredParts(service);
  const callers = views.filter(({ of }) => of !== "itself");
  const own = views.filter(({ of }) => of === "itself");
  const part = (names: string[], seen: readonly View[], reason: string) => {
    if (names.length === 0) {
      return { compared: [], left: [] };
    }
    const at = seen.map(({ of, pod }) => (of === "gateway" ? "gateway" : pod)).join(" and ");
    return seen.length > 0
      ? { compared: [`${names.join(", ")} at ${at}`], left: [] }
      : { compared: [], left: [`${names.join(", ")} not compared: ${reason}`] };
  };
  const withoutCaller =
    service.callers.length === 0 ? "it has no declared caller" : "no declared caller has a pod here with a proxy";
  const [byCallers, byItself] = [
    part(parts.callers, callers, withoutCaller),
    part(parts.itself, own, "no pod of it is ready"),
  ];
  return { compared: [...byCallers.compared, ...byItself.compared], left: [...byCallers.left, ...byItself.left] };
}

/** @returns whether every service's policy is in Envoy as declared. The evidence lists what was not compared. */
export function judgePolicies(
  found: readonly Viewed[],
  { mesh, gateway, kubectl }: { mesh: string; gateway: Different["gateway"]; kubectl: string },
): Outcome {
  const off = found.flatMap(({ service, views }) =>
    views.flatMap(({ of, pod, differences }) => differences.map((difference) => ({ service, of, pod, ...difference }))),
  );
  const [first] = off;
  if (first) {
    const { what, service, envoy, pod, declared } = first;
    return fail(
      off.map((one) => `${one.service.name} ${one.what}: declared ${one.declared}, Envoy has ${one.envoy}`).join("; "),
      `${what} of ${service.name} is ${envoy} in Envoy (${pod}), and was declared as ${declared}: ${objectOf({ ...first, gateway })} was changed or removed, or another one overrides it. Run npm start -- --refresh`,
      `${kubectl} -n ${mesh} get ${gateway.api === "gateway" ? "httproute," : ""}virtualservice,destinationrule,envoyfilter -o yaml`,
    );
  }
  const compared = found.map((one) => ({ name: one.service.name, ...comparedOf(one) }));
  const evidence = compared
    .map(({ name, compared, left }) => `${name}: ${[...compared, ...left].join(", ") || "none"}`)
    .join("; ");
  const nothing = compared.every((one) => one.compared.length === 0);
  return nothing && compared.some(({ left }) => left.length > 0) ? skip(evidence) : pass(evidence);
}

/** @returns pods of the mesh's services, and of their other callers, by namespace. */
async function podsOfCallers({ cluster, declared }: Context): Promise<Map<string, LiveObject[]>> {
  const lists = callerNamespaces(declared.services).map(
    async (namespace) => [namespace, await cluster.list("v1", "Pod", namespace)] as const,
  );
  return new Map(await Promise.all(lists));
}

/** Are timeout, retries, circuit breaker and rate limit in Envoy as declared? */
export const trafficPolicy: Check = {
  name: "traffic-policy",
  description: "timeouts, retries, limits in Envoy as declared",
  needs: ["routes", "injected"],
  async run(context: Context) {
    const { cluster, declared } = context;
    const { mesh } = declared.namespaces;
    // Asked once each, though many services have the same caller.
    const dumps = new Map<string, Promise<Json>>();
    const dump = (pod: LiveObject, resource: string) => {
      const key = `${nameOf(pod)} ${resource}`;
      const known = dumps.get(key) ?? askEnvoy<Json>(cluster, pod, `/config_dump?resource=${resource}`);
      dumps.set(key, known);
      return known;
    };
    const [pods, own] = await Promise.all([podsOfCallers(context), servicePods(context)]);

    const callerView = async (service: DeclaredService, { pod, kind }: Caller): Promise<View> => {
      const host = serviceHost(service.name, mesh);
      const [routes, clusters] = await Promise.all([
        dump(pod, "dynamic_route_configs"),
        service.circuitBreaker ? dump(pod, "dynamic_active_clusters") : [],
      ]);
      const rules =
        kind === "gateway" ? rulesOfPath(service.path ?? "", routes) : rulesOfHost(host, service.port, routes);
      // An HTTPRoute leads to Services of versions, which are hosts of their own.
      const hosts = kind === "gateway" && declared.gateway.api === "gateway" ? hostsOfRules(rules) : [host];
      const differences = [
        ...routeDifferences(service, rules),
        ...hosts.flatMap((one) => breakerDifferences(service, clusters, one)),
      ];
      return { of: kind, pod: nameOf(pod), differences };
    };
    const ownView = async (service: DeclaredService, pod: LiveObject): Promise<View> => {
      const listeners = await dump(pod, "dynamic_listeners");
      return { of: "itself", pod: nameOf(pod), differences: rateLimitDifferences(service, listeners) };
    };

    const found = await Promise.all(
      declared.services.map(async (service): Promise<Viewed> => {
        const pod = own.get(service.name)?.find(isReady);
        const isLimited = service.rateLimit !== undefined || service.globalRateLimit !== undefined;
        const views = [
          ...callersOf(service, { declared, pods }).map((caller) => callerView(service, caller)),
          ...(isLimited && pod ? [ownView(service, pod)] : []),
        ];
        return { service, views: await Promise.all(views) };
      }),
    );
    return judgePolicies(found, { mesh, gateway: declared.gateway, kubectl: cluster.kubectl });
  },
};
