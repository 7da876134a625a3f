import { serviceHost } from "../../components/hosts";
import { isGuarded } from "../../components/guards";
import { defaultNodePorts, localPorts } from "../../components/gatewayAddress";
import { httpRouteName, virtualServiceName } from "../../components/ingressRoutes";
import type { LiveObject } from "../../cluster/kubeClient";
import type { DeclaredMesh, DeclaredService } from "../../stacks/declared";
import type { Answer } from "../shared/httpClient";
import { containersOf, isAlive, isReady, selects, troubleOf } from "./objects";
import type { RouteFacts } from "./routeFacts";

/** Why a route does not work, and the command to look further. */
export interface Cause {
  cause: string;
  next: string;
}

interface HttpRule {
  match?: { uri?: { exact?: string; prefix?: string; regex?: string } }[];
  route?: { destination?: { host?: string; subset?: string; port?: { number?: number } } }[];
  fault?: { abort?: { httpStatus?: number }; delay?: { fixedDelay?: string } };
}

interface ServicePort {
  port: number;
  targetPort?: number | string;
}

interface DestinationRuleSpec {
  host?: string;
  trafficPolicy?: { tls?: { mode?: string }; portLevelSettings?: { tls?: { mode?: string } }[] };
}

/** The facts that a cause is derived from. */
interface Asked {
  service: DeclaredService;
  declared: DeclaredMesh;
  gatewayUrl: string;
  answer: Answer;
  facts: RouteFacts;
  kubectl: string;
}

/** @returns why `answer` is not what the service's path should give, as far as the cluster's own objects show it. */
export function routeCause(asked: Asked): Cause {
  const { answer } = asked;
  // Whether a service answered, or the gateway by itself.
  const fromService = answer.headers["x-envoy-upstream-service-time"] !== undefined;
  if (answer.status === 0) {
    return noAnswer(asked);
  }
  const fault = faultOf(asked);
  if (fault) {
    return fault;
  }
  const unserved = fromService ? undefined : refusedRoute(asked);
  if (unserved) {
    return unserved;
  }
  if (answer.status === 404 && !fromService) {
    return notFound(asked);
  }
  const { jwt, name, path = "/" } = asked.service;
  if (isGuarded({ jwt }, path) && fromService) {
    const policy = `${asked.declared.namespaces.mesh}/require-token-${name}`;
    return {
      cause: `${name} answers a request without a token: AuthorizationPolicy ${policy} is gone or was changed: run npm start -- --refresh`,
      next: `${mesh(asked)} get authorizationpolicy,requestauthentication -o yaml`,
    };
  }
  if (answer.status === 403 && /RBAC/.test(answer.body)) {
    return refused(asked);
  }
  if (answer.status === 429) {
    return {
      cause: `a rate limit answers in the place of ${asked.service.name}: ${namesOf(asked.facts.envoyFilters) || "one that is declared"}`,
      next: `${mesh(asked)} get envoyfilter -o yaml`,
    };
  }
  return unreachable(asked) ?? otherAnswer(asked);
}

function mesh({ kubectl, declared }: Asked): string {
  return `${kubectl} -n ${declared.namespaces.mesh}`;
}

function namesOf(objects: readonly LiveObject[]): string {
  return objects.map(({ metadata }) => metadata?.name).join(", ");
}

function named(objects: readonly LiveObject[], name: string): LiveObject | undefined {
  return objects.find(({ metadata }) => metadata?.name === name);
}

/** The object that has the rule of the service's path. */
function routeObject({ declared, service, facts }: Asked): { title: string; object?: LiveObject } {
  const { routes, api } = declared.gateway;
  const isGatewayApi = api === "gateway";
  const name = isGatewayApi ? httpRouteName(routes, service.path ?? "/") : virtualServiceName(routes);
  return {
    title: `${isGatewayApi ? "HTTPRoute" : "VirtualService"} ${declared.namespaces.mesh}/${name}`,
    object: named(isGatewayApi ? facts.httpRoutes : facts.virtualServices, name),
  };
}

/** The Gateway of the routes. Two APIs have a kind of this name, so that kubectl has to hear which. */
function gatewayObject({ declared, facts, kubectl }: Asked): { title: string; object?: LiveObject; next: string } {
  const isGatewayApi = declared.gateway.api === "gateway";
  const { gateway, mesh: ofServices } = declared.namespaces;
  const namespace = isGatewayApi ? gateway : ofServices;
  const name = `${declared.gateway.routes}-gateway`;
  return {
    title: `Gateway ${namespace}/${name}`,
    object: named(facts.gateways, name),
    next: `${kubectl} -n ${namespace} get ${isGatewayApi ? "gateways.gateway.networking.k8s.io" : "gateways.networking.istio.io"} -o yaml`,
  };
}

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

/**
 * An object of the Gateway API that istiod does not serve, as its status says. Objects of Istio's API have no such
 * status.
 */
function refusedRoute(asked: Asked): Cause | undefined {
  const gateway = gatewayObject(asked);
  const route = routeObject(asked);
  const next = asked.declared.gateway.api === "gateway" ? `${mesh(asked)} get httproute -o yaml` : "";
  const { conditions = [] } = (gateway.object?.status ?? {}) as { conditions?: Condition[] };
  const { parents = [] } = (route.object?.status ?? {}) as { parents?: { conditions?: Condition[] }[] };
  const refusal = (title: string, all: readonly Condition[], further: string): Cause[] =>
    all
      .filter(({ status }) => status === "False")
      .map(({ type, reason, message }) => ({
        cause: `${title} is not ${type}: ${reason}: ${message}`,
        next: further,
      }));
  return next === ""
    ? undefined
    : [
        ...refusal(gateway.title, conditions, gateway.next),
        ...refusal(
          route.title,
          parents.flatMap((parent) => parent.conditions ?? []),
          next,
        ),
      ][0];
}

/** The connection was refused or reset. */
function noAnswer(asked: Asked): Cause {
  const { declared, gatewayUrl, answer, facts } = asked;
  const gateway = gatewayObject(asked);
  if (!gateway.object) {
    return {
      cause: `${gateway.title} is gone, so the ingress gateway opens no port: run npm start -- --refresh`,
      next: gateway.next,
    };
  }
  if (/CERT|certificate/i.test(answer.error ?? "")) {
    return {
      cause: `the gateway's certificate is not trusted here (${answer.error}): it is for other hosts, or of an authority unknown to this machine`,
      next: `openssl s_client -connect ${new URL(gatewayUrl).host}`,
    };
  }
  const { type, ports = [] } = (facts.gatewayService?.spec ?? {}) as {
    type?: string;
    ports?: { nodePort?: number; port: number }[];
  };
  const port = nodePortOf(gatewayUrl);
  const service = `Service ${declared.namespaces.gateway}/${declared.gateway.name}`;
  const next = `${asked.kubectl} -n ${declared.namespaces.gateway} get service ${declared.gateway.name}`;
  if (type === "NodePort" && !ports.some(({ nodePort }) => nodePort === port)) {
    const have = ports.map(({ nodePort }) => nodePort).join(", ");
    return {
      cause: `${service} has no node port ${port}, which ${gatewayUrl} leads to (it has ${have}): run npm start -- --refresh`,
      next,
    };
  }
  return {
    cause: `nothing on this machine leads to the gateway at ${gatewayUrl} (${answer.error}): a port-forward or port mapping is missing, or a firewall is in between`,
    next,
  };
}

/** @returns the rules of a VirtualService for the service's path. */
function rulesFor(asked: Asked): HttpRule[] {
  const { path } = asked.service;
  const { http = [] } = (routeObject(asked).object?.spec ?? {}) as { http?: HttpRule[] };
  return http.filter(({ match }) => match?.some(({ uri }) => uri?.exact === path));
}

function notFound(asked: Asked): Cause {
  const { declared, service } = asked;
  const { title, object } = routeObject(asked);
  const isGatewayApi = declared.gateway.api === "gateway";
  const next = `${mesh(asked)} get ${isGatewayApi ? "httproute" : "virtualservice,gateways.networking.istio.io"} -o yaml`;
  if (!object) {
    return { cause: `${title} is gone, so the gateway knows no path: run npm start -- --refresh`, next };
  }
  if (!isGatewayApi && rulesFor(asked).length === 0) {
    return { cause: `${title} has no rule for ${service.path}: run npm start -- --refresh`, next };
  }
  const gateway = gatewayObject(asked);
  if (!gateway.object) {
    return { cause: `${gateway.title} is gone, so no route is served: run npm start -- --refresh`, next: gateway.next };
  }
  return {
    cause: `${title} has the path ${service.path}, but the gateway does not serve it: its hosts or gateways do not fit the Gateway`,
    next,
  };
}

function refused(asked: Asked): Cause {
  const { declared, service, facts } = asked;
  const { mesh: namespace, gateway } = declared.namespaces;
  const next = `${mesh(asked)} get authorizationpolicy -o yaml`;
  const specOf = ({ spec }: LiveObject) =>
    spec as { action?: string; selector?: { matchLabels?: Record<string, string> } };
  const appOf = (policy: LiveObject) => specOf(policy).selector?.matchLabels?.app;
  const own = facts.authorizationPolicies.filter(
    (policy) => appOf(policy) === service.name && (specOf(policy).action ?? "ALLOW") === "ALLOW",
  );
  const deny = facts.authorizationPolicies.find(
    (policy) => specOf(policy).action === "DENY" && [undefined, service.name].includes(appOf(policy)),
  );
  if (deny) {
    return { cause: `AuthorizationPolicy ${namespace}/${deny.metadata?.name} denies the request`, next };
  }
  if (own.length === 0) {
    return {
      cause: `AuthorizationPolicy ${namespace}/allow-${service.name} is gone, so ${service.name} refuses every caller: run npm start -- --refresh`,
      next,
    };
  }
  return {
    cause: `AuthorizationPolicy ${namespace}/${namesOf(own)} does not let the gateway in (${gateway}/${declared.gateway.name}): run npm start -- --refresh`,
    next,
  };
}

/** A rule with an injected fault that is not declared. */
function faultOf(asked: Asked): Cause | undefined {
  const { answer, service, declared } = asked;
  const routes = virtualServiceName(declared.gateway.routes);
  const rule = rulesFor(asked).find(({ fault }) => fault?.abort?.httpStatus === answer.status);
  return rule && !service.fault?.abort
    ? {
        cause: `VirtualService ${declared.namespaces.mesh}/${routes} answers ${service.path} with ${answer.status} by an injected fault that is not declared: run npm start -- --refresh`,
        next: `${mesh(asked)} get virtualservice ${routes} -o yaml`,
      }
    : undefined;
}

/** The way from the gateway to a pod, step by step; undefined if each one is as it should be. */
function unreachable(asked: Asked): Cause | undefined {
  const { service, declared, facts } = asked;
  const { mesh: namespace } = declared.namespaces;
  const full = `${namespace}/${service.name}`;
  const object = named(facts.services, service.name);
  if (!object) {
    return { cause: `Service ${full} is gone: run npm start -- --refresh`, next: `${mesh(asked)} get services` };
  }
  const { selector, ports = [] } = object.spec as { selector?: Record<string, string>; ports?: ServicePort[] };
  const port = ports.find((one) => one.port === service.port);
  const next = `${mesh(asked)} get service,endpointslice -l app=${service.name} -o yaml`;
  if (!port) {
    return { cause: `Service ${full} has no port ${service.port}, which the route leads to`, next };
  }
  const pods = facts.pods.filter((pod) => isAlive(pod) && selects(selector, pod));
  if (pods.length === 0) {
    const wanted = Object.entries(selector ?? {}).map(([key, value]) => `${key}=${value}`);
    return { cause: `the selector of Service ${full} (${wanted.join(", ")}) fits no pod, so it leads nowhere`, next };
  }
  if (!pods.some(isReady)) {
    return { cause: `no pod of Service ${full} is ready: ${pods.map(troubleOf)[0]}`, next };
  }
  const { targetPort = port.port } = port;
  const listening = pods.some((pod) =>
    containersOf(pod).some(({ ports: own = [] }) =>
      own.some(({ name, containerPort }) => (typeof targetPort === "string" ? name : containerPort) === targetPort),
    ),
  );
  if (!listening) {
    return {
      cause: `port ${port.port} of Service ${full} leads to the target port ${targetPort}, at which no container of its pods listens`,
      next,
    };
  }
  return brokenRule(asked);
}

/** A DestinationRule that makes the gateway talk in a way the service does not take. */
function brokenRule(asked: Asked): Cause | undefined {
  const { service, declared, facts } = asked;
  const hosts = [service.name, serviceHost(service.name, declared.namespaces.mesh)];
  const plain = facts.destinationRules.find(({ spec }) => {
    const { host = "", trafficPolicy: policy } = spec as DestinationRuleSpec;
    const modes = [policy?.tls?.mode, ...(policy?.portLevelSettings ?? []).map(({ tls }) => tls?.mode)];
    return hosts.includes(host) && modes.some((mode) => mode !== undefined && mode !== "ISTIO_MUTUAL");
  });
  if (plain) {
    const { tls } = (plain.spec as DestinationRuleSpec).trafficPolicy ?? {};
    return {
      cause: `DestinationRule ${declared.namespaces.mesh}/${plain.metadata?.name} makes callers speak TLS mode ${tls?.mode ?? "of a port"} to ${service.name}, which takes mutual TLS alone: remove it, or use ISTIO_MUTUAL`,
      next: `${mesh(asked)} get destinationrule ${plain.metadata?.name} -o yaml`,
    };
  }
  const subset = rulesFor(asked)
    .flatMap(({ route = [] }) => route)
    .map(({ destination }) => destination?.subset)
    .find((name) => name !== undefined && !hasSubset(facts.destinationRules, hosts, name));
  return subset === undefined
    ? undefined
    : {
        cause: `the route to ${service.name} names the subset ${subset}, which no DestinationRule defines: run npm start -- --refresh`,
        next: `${mesh(asked)} get destinationrule,virtualservice -o yaml`,
      };
}

function hasSubset(rules: readonly LiveObject[], hosts: readonly string[], name: string): boolean {
  return rules.some(({ spec }) => {
    const { host = "", subsets = [] } = spec as DestinationRuleSpec & { subsets?: { name: string }[] };
    return hosts.includes(host) && subsets.some((subset) => subset.name === name);
  });
}

function otherAnswer(asked: Asked): Cause {
  const { answer, service, declared } = asked;
  const next = `${asked.kubectl} -n ${declared.namespaces.gateway} logs deployment/${declared.gateway.name} --tail 20`;
  const said = answer.body.replace(/\s+/g, " ").trim().slice(0, 160);
  if (answer.status === 200) {
    return {
      cause: `another text than ${service.name} was declared with: its image or arguments were changed, or its Service leads to other pods`,
      next: `${mesh(asked)} get deployment ${service.deployments[0]} -o yaml`,
    };
  }
  if (answer.status === 504) {
    return { cause: `${service.name} did not answer within the route's timeout${said ? `: ${said}` : ""}`, next };
  }
  if (answer.status === 503 || answer.status === 502) {
    return { cause: `the gateway does not get through to ${service.name}${said ? `: ${said}` : ""}`, next };
  }
  return {
    cause: `${service.name} answers by itself with ${answer.status}${said ? `: ${said}` : ""}`,
    next: `${mesh(asked)} logs deployment/${service.deployments[0]} --tail 20`,
  };
}

/** @returns the node port that a URL leads to: its own port, or on kind that which the node's container maps it to. */
function nodePortOf(gatewayUrl: string): number {
  const { hostname, port, protocol } = new URL(gatewayUrl);
  const scheme = protocol === "https:" ? "https" : "http";
  const own = Number(port || { http: 80, https: 443 }[scheme]);
  return hostname === "localhost" && own === localPorts[scheme] ? defaultNodePorts[scheme] : own;
}
