/** VirtualServices, HTTPRoutes and DestinationRules: where requests go. */
import { milliseconds } from "../mesh/values";
import { exportScopes, fqdn, hostsMatch, serverHostsFor, serviceOf } from "../mesh/hosts";
import { isIstioService } from "../mesh/injection";
import type { Host, Mesh, Workload } from "../mesh/mesh";
import { declaredProtocol, isHttp, isTls, protocolNamed } from "../mesh/protocols";
import { fullName, type Resource } from "../mesh/resource";
import { gatewayApiGroup } from "../mesh/names";
import { allRoutes, appliesToMesh, bindingsOf, destinationsOf, gatewayRules, isForGateway } from "../mesh/routes";
import { meshGateway, type AnyRoute, type Destination } from "../mesh/routes";
import { matchesGlob, selects } from "../mesh/selectors";
import { eachOf, type Context, rule } from "../rule";

/** Whether a host names a Service of all clusters that share their services, which need not be declared in this one. */
function isMultiCluster(host: string): boolean {
  return host.endsWith(".svc.clusterset.local");
}

/** Whether a host names pods of a headless Service, each or all: `web-0.web.shop.svc.cluster.local`. */
function namesPods(mesh: Mesh, host: string): boolean {
  const { name = "", namespace = "" } = serviceOf(host) ?? {};
  const dot = name.indexOf(".");
  const service = dot < 0 ? undefined : mesh.service(name.slice(dot + 1), namespace);
  return service?.fields.spec?.clusterIP === "None";
}

/** Whether a host is the start of a Service's full name: its name and namespace, but nothing after. */
function unfinished(mesh: Mesh, host: string): boolean {
  const [, name, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)(?:\.svc)?$/.exec(host) ?? [];
  return name !== undefined && mesh.find("Service", "", namespace ?? "", name) !== undefined;
}

export const routeDestinationExists = rule({
  name: "route-destination-exists",
  description: "A route's destination is a Service or ServiceEntry that the route can see, and names one of its ports.",
  rationale: "A route to a host or a port that the mesh does not know answers every request with 503.",
  fix: "Name a host that exists, declare it as a ServiceEntry, or add it to the setting `externalHosts`.",
  codes: ["IST0101", "IST0112", "KIA1101"],
  check({ mesh, settings, each, report, missing }) {
    const declared = mesh.declaresHosts;
    each(mesh.virtualServices, (route) => {
      for (const { destination, field, mirror } of destinationsOf(route)) {
        const { host, port } = destination;
        if (host === undefined || settings.externalHosts.some((pattern) => matchesGlob(pattern, host))) {
          continue;
        }
        const known = mesh.host(host, route.namespace);
        if (known === undefined) {
          const full = fqdn(host, route.namespace);
          const namespace = serviceOf(full)?.namespace;
          if (namespace !== undefined && (mesh.isOpaque(namespace) || mesh.isOpaque("*"))) {
            continue;
          }
          if (isMultiCluster(host)) {
            continue;
          }
          const made = namespace !== undefined && mesh.mayBeMade(namespace);
          missing(declared && !made && !namesPods(mesh, full), route, {
            field: `${field}.host`,
            message: `The ${mirror ? "mirror" : "route"} leads to the host ${host}${host === full ? "" : ` (${full})`}, which no Service or ServiceEntry declares.`,
            fix: unfinished(mesh, host)
              ? `A name with dots is taken as it is: write ${host}${host.endsWith(".svc") ? "" : ".svc"}.cluster.local.`
              : "Correct the host, declare it, or add it to the setting externalHosts.",
          });
          continue;
        }
        if (known.ports === undefined) {
          continue;
        }
        const numbers = known.ports.map(({ number }) => number);
        if (port?.number === undefined && numbers.length > 1) {
          report(route, {
            field: `${field}.host`,
            message: `The host ${host} has several ports (${numbers.join(", ")}), and the route names none of them.`,
            fix: `Set ${field}.port.number.`,
            code: "IST0112",
          });
        } else if (port?.number !== undefined && !numbers.includes(port.number)) {
          report(route, {
            field: `${field}.port.number`,
            message: `The host ${host} has no port ${port.number}: it has ${numbers.join(", ") || "none"}.`,
            fix: `Use one of its ports (the Service's port, not the target port).`,
          });
        }
      }
    });
  },
});

export const subsetDefined = rule({
  name: "subset-defined",
  description: "A subset that a route names is defined by a DestinationRule for its host.",
  rationale: "A subset that no DestinationRule defines has no endpoints: every request of the route fails with 503.",
  fix: "Define the subset in a DestinationRule for the same host, or correct its name.",
  codes: ["IST0101", "KIA1107"],
  check: eachOf("VirtualService", (route, { mesh, report, missing }) => {
    for (const { destination, field } of destinationsOf(route)) {
      const { host = "", subset } = destination;
      if (subset === undefined || subset === "") {
        continue;
      }
      const rules = mesh.rulesMatching(fqdn(host, route.namespace));
      const defining = rules.filter((one) => one.fields.spec?.subsets?.some(({ name }) => name === subset));
      if (defining.length === 0) {
        mesh.requireKnownRules();
        const defined = rules.flatMap((one) => (one.fields.spec?.subsets ?? []).map(({ name }) => name));
        const names = defined.length === 0 ? "" : `: they define ${defined.join(", ")}`;
        // Where neither the host nor any DestinationRule is declared, both may be declared elsewhere.
        const declared = mesh.destinationRules.length > 0 || mesh.host(host, route.namespace) !== undefined;
        missing(declared, route, {
          field: `${field}.subset`,
          message: `The route names subset ${subset} of ${host}, which ${rules.length === 0 ? `no DestinationRule for ${fqdn(host, route.namespace)} defines` : `its DestinationRules do not define${names}`}.`,
          fix: `Define the subset ${subset}, or correct the name.`,
        });
        continue;
      }
      const scopes = new Set(defining.flatMap((one) => exportScopes(one.fields.spec?.exportTo, one.namespace)));
      for (const { gateway, namespaces } of bindingsOf(mesh, route)) {
        const blind = [...namespaces].find((namespace) => !scopes.has("*") && !scopes.has(namespace));
        if (blind !== undefined) {
          report(route, {
            field: `${field}.subset`,
            message: `The proxies of gateway ${fullName(gateway)} are in namespace ${blind}, to which DestinationRule ${fullName(defining[0]!)} is not exported: there subset ${subset} of ${host} is not defined, and requests fail with 503.`,
            fix: `Export the DestinationRule to ${blind} (spec.exportTo), or to all namespaces.`,
          });
        }
      }
    }
  }),
});

export const subsetRuleBeforeRoute = rule({
  name: "subset-rule-before-route",
  description: "A VirtualService that names a subset depends on the DestinationRule that defines it.",
  rationale:
    "Until the DestinationRule is there, the route's requests fail with 503; on destroy it has to go after the route.",
  fix: "Give the VirtualService `dependsOn` the DestinationRule.",
  level: "advisory",
  source: "ops/best-practices/traffic-management/",
  check({ mesh, each, report }) {
    if (!mesh.ordered) {
      return;
    }
    each(mesh.virtualServices, (route) => {
      for (const { destination, field } of destinationsOf(route)) {
        const { host = "", subset } = destination;
        if (subset === undefined) {
          continue;
        }
        const definitions = mesh
          .rulesFor(host, route.namespace)
          .filter((one) => one.fields.spec?.subsets?.some(({ name }) => name === subset));
        const waits = definitions.some(({ urn }) => urn === undefined || route.dependencies.includes(urn));
        if (definitions.length > 0 && !waits) {
          report(route, {
            field: `${field}.subset`,
            message: `It does not depend on DestinationRule ${definitions[0]!.namespace}/${definitions[0]!.name}, which defines subset ${subset}.`,
            fix: "Add the DestinationRule to its dependsOn.",
          });
        }
      }
    });
  },
});

const topology = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"];

/** The labels by which subsets can select pods: their own, and those that Istio adds for where they run. */
function selectable(mesh: Mesh, { labels, spec }: Workload): Record<string, string> {
  const node = spec.nodeName === undefined ? undefined : mesh.find("Node", "", "", spec.nodeName);
  const added = topology.flatMap((key) => (node?.labels[key] ? [[key, node.labels[key]]] : []));
  const host: Record<string, string> = spec.nodeName === undefined ? {} : { "kubernetes.io/hostname": spec.nodeName };
  return { ...labels, ...host, ...(Object.fromEntries(added) as Record<string, string>) };
}

export const subsetSelectsPods = rule({
  name: "subset-selects-pods",
  description: "Every subset selects pods of its host.",
  rationale: "A subset without pods answers with 503 for every request that is routed to it.",
  fix: "Use labels that the pods of the Service carry.",
  codes: ["IST0173", "KIA0203"],
  check({ mesh, each, missing }) {
    const entryPods = new Map(mesh.serviceEntries.map((entry) => [entry as object, entry]));
    each(mesh.destinationRules, (rule) => {
      const { host = "", subsets } = rule.fields.spec ?? {};
      const target = subsets?.length ? mesh.host(host, rule.namespace) : undefined;
      if (target === undefined) {
        return;
      }
      const entry = entryPods.get(target.resource);
      const service = entry === undefined ? mesh.service(host, rule.namespace) : undefined;
      if (service?.installedBy !== undefined) {
        return;
      }
      const endpoints = [
        ...(entry?.fields.spec?.endpoints ?? []).map((endpoint) => endpoint.labels ?? {}),
        ...mesh.of("WorkloadEntry").map((one) => one.fields.spec?.labels ?? {}),
        ...mesh.of("WorkloadGroup").map((one) => one.fields.spec?.metadata?.labels ?? {}),
      ];
      const workloads =
        service === undefined ? mesh.selectedBy(entry?.fields.spec?.workloadSelector?.labels) : mesh.behind(service);
      subsets?.forEach(({ name, labels = {} }, i) => {
        // An empty value of a topology label is what Istio leaves out, so nothing ever carries it.
        const matches =
          !Object.entries(labels).some(([key, value]) => value === "" && topology.includes(key)) &&
          (workloads.some((workload) => selects(labels, selectable(mesh, workload))) ||
            endpoints.some((endpoint) => selects(labels, endpoint)) ||
            // Which nodes pods of a template run on is not declared, and neither is where those nodes are.
            (Object.keys(labels).some((key) => topology.includes(key) && labels[key] !== "") &&
              workloads.some(({ spec }) => spec.nodeName === undefined)));
        if (!matches) {
          // Where no pod of the host's namespace is declared, all of them are elsewhere.
          const declared = [...workloads, ...mesh.selectedBy(undefined, target.resource.namespace)].some(
            ({ assumed }) => !assumed,
          );
          missing(declared && !mesh.mayBeMade(rule.namespace), rule, {
            field: `spec.subsets[${i}].labels`,
            message: `The subset ${name} selects no pod of ${host}: none carries ${Object.entries(labels)
              .map((pair) => pair.join("="))
              .join(", ")}.`,
            fix: "Correct the subset's labels, or label the pods so.",
          });
        }
      });
    });
  },
});

export const destinationRuleHostKnown = rule({
  name: "destination-rule-host-known",
  description: "A DestinationRule's host is a Service or ServiceEntry of the mesh.",
  rationale:
    "A DestinationRule for a host that does not exist changes nothing: its subsets, TLS and limits are not there.",
  fix: "Correct the host, or declare it.",
  codes: ["IST0174", "KIA0202"],
  check({ mesh, settings, each, missing }) {
    const declared = mesh.declaresHosts;
    each(mesh.destinationRules, (rule) => {
      const { host } = rule.fields.spec ?? {};
      if (
        host === undefined ||
        host === "" ||
        isMultiCluster(host) ||
        settings.externalHosts.some((pattern) => matchesGlob(pattern, host))
      ) {
        return;
      }
      const full = fqdn(host, rule.namespace);
      const namespace = serviceOf(full)?.namespace;
      const opaque = mesh.isOpaque("*") || (namespace !== undefined && mesh.isOpaque(namespace));
      // A wildcard over all services is a default for the mesh, not a reference to one of them.
      const broad = /^\*(\.local|\.cluster\.local|\.svc\.cluster\.local|\.[\w-]+\.svc\.cluster\.local)?$/.test(host);
      if (mesh.host(host, rule.namespace) === undefined && !opaque) {
        const made = namespace !== undefined && mesh.mayBeMade(namespace);
        missing(declared && !broad && !made && !namesPods(mesh, full), rule, {
          field: "spec.host",
          message: `No Service or ServiceEntry has the host ${host}${host === full ? "" : ` (${full})`}, so the rule has no effect.`,
          fix: "Correct the host, declare it, or add it to the setting externalHosts.",
        });
      }
    });
  },
});

export const destinationRuleOnLookupPath = rule({
  name: "destination-rule-on-lookup-path",
  description: "A DestinationRule stands in the namespace of its service, or in the root namespace.",
  rationale:
    "A client's sidecar looks in its own namespace, then the service's, then the root namespace. A rule that stands " +
    "elsewhere holds for clients of that namespace alone.",
  fix: "Move the rule to the service's namespace.",
  level: "advisory",
  codes: ["KIA0209"],
  source: "ops/best-practices/traffic-management/",
  check: eachOf("DestinationRule", (rule, { mesh, report }) => {
    const { host = "" } = rule.fields.spec ?? {};
    const of = serviceOf(fqdn(host, rule.namespace))?.namespace;
    if (of !== undefined && of !== "*" && of !== rule.namespace && rule.namespace !== mesh.rootNamespace) {
      report(rule, {
        field: "metadata.namespace",
        message: `It is for a service of namespace ${of} but stands in ${rule.namespace}, so only clients of ${rule.namespace} find it.`,
        fix: `Move it to namespace ${of}.`,
      });
    }
  }),
});

interface Match {
  uri?: { prefix?: string };
  port?: number;
  method?: object;
  authority?: object;
  headers?: unknown;
  queryParams?: unknown;
  withoutHeaders?: unknown;
  name?: string;
}
interface Rule {
  name?: string;
  match?: Match[];
}

/** The same text for the same match, in whatever order its keys were written; a match's name does not count. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => {
    if (key === "name" || typeof part !== "object" || part === null || Array.isArray(part)) {
      return key === "name" ? undefined : part;
    }
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function textOf(match: object | undefined, fallback = ""): string {
  const { exact, prefix } = (match ?? {}) as { exact?: string; prefix?: string };
  return exact ? `exact ${exact}` : prefix ? `prefix ${prefix}` : fallback;
}

/** Whether every entry of one map of matches is met by the other's: the same keys, and values no narrower. */
function mapCovers(a: unknown, b: unknown): boolean {
  const first = (a ?? {}) as Record<string, object>;
  const second = (b ?? {}) as Record<string, object>;
  return (
    Object.keys(first).length === Object.keys(second).length &&
    Object.entries(first).every(([key, value]) => key in second && textOf(value).startsWith(textOf(second[key])))
  );
}

/** Whether a match with a URI prefix takes all that a later one with a longer prefix would. */
function covers(a: Match, b: Match): boolean {
  return (
    b.uri!.prefix!.startsWith(a.uri!.prefix!) &&
    (a.port ?? 0) === (b.port ?? 0) &&
    textOf(a.method, "exact GET").startsWith(textOf(b.method, "exact GET")) &&
    textOf(a.authority).startsWith(textOf(b.authority)) &&
    mapCovers(a.headers, b.headers) &&
    mapCovers(a.queryParams, b.queryParams) &&
    mapCovers(a.withoutHeaders, b.withoutHeaders)
  );
}

function checkRoutes(report: Context["report"], service: Resource, protocol: string, routes: readonly Rule[]): void {
  const nameOf = (i: number): string => routes[i]?.name ?? `#${i}`;
  const seen = new Map<string, number>();
  const prefixes: { match: Match; at: number; field: string }[] = [];
  let open = -1;
  const dead = (i: number, reason: string): void =>
    report(service, {
      field: `spec.${protocol}[${i}]`,
      message: `The rule ${nameOf(i)} is never used: ${reason}.`,
      fix: "Remove it, or move it up.",
    });
  const ineffective = (field: string, message: string): void =>
    report(service, { field, message, fix: "Remove the match, or move the narrower one up.", code: "IST0131" });
  routes.forEach(({ match = [] }, i) => {
    if (match.length === 0) {
      if (open >= 0) {
        dead(i, `rule ${nameOf(open)} before it matches everything`);
      }
      open = i;
      return;
    }
    let doubles = 0;
    match.forEach((one, j) => {
      const field = `spec.${protocol}[${i}].match[${j}]`;
      if (open >= 0) {
        dead(i, `rule ${nameOf(open)} before it matches everything`);
        return;
      }
      const key = canonical(one);
      const before = seen.get(key);
      if (before !== undefined) {
        ineffective(field, `The match is the same as one of rule ${nameOf(before)}, which is asked first.`);
        doubles++;
        return;
      }
      seen.set(key, i);
      if (one.uri?.prefix) {
        prefixes.push({ match: one, at: i, field });
      }
    });
    if (doubles === match.length) {
      dead(i, "rules before it take all that it matches");
    }
  });
  prefixes.forEach(({ match, at }, i) => {
    for (const later of prefixes.slice(i + 1)) {
      if (later.match.uri!.prefix !== match.uri!.prefix && covers(match, later.match)) {
        ineffective(
          later.field,
          `The prefix ${later.match.uri!.prefix} is never asked for: rule ${nameOf(at)} takes ${match.uri!.prefix} before it.`,
        );
      }
    }
  });
}

export const unreachableRoute = rule({
  name: "unreachable-route",
  description: "Every rule of a VirtualService can apply: none before it takes all that it matches.",
  rationale: "Rules are asked in order and the first that matches is used; what comes after it is dead.",
  fix: "Order the rules from narrow to wide, and remove duplicates.",
  level: "advisory",
  codes: ["IST0130", "IST0131"],
  check: eachOf("VirtualService", (service, { report }) => {
    for (const protocol of ["http", "tls", "tcp"] as const) {
      checkRoutes(report, service, protocol, service.fields.spec?.[protocol] ?? []);
    }
  }),
});

export const retriesNeedTimeout = rule({
  name: "retries-need-timeout",
  description:
    "A route with retries has a timeout, one for each try, and the whole is long enough for more than one try.",
  rationale:
    "Retries without a timeout make a slow service slower: callers wait for every try to end by itself. A timeout as long " +
    "as one try leaves no time for the next.",
  fix: "Set `timeout` and `retries.perTryTimeout`, the first at least twice the second.",
  level: "advisory",
  source: "reference/config/networking/virtual-service/",
  check({ mesh, each, report }) {
    each(allRoutes(mesh), (route) => {
      for (const { attempts, timeout, perTry, field, names } of retriesOf(route)) {
        const whole = milliseconds(timeout);
        const one = milliseconds(perTry);
        if (attempts === 0) {
          continue;
        }
        if (!whole && !one) {
          report(route, {
            field: `${field}.${names.retries}`,
            message: "The rule retries without any timeout, so a try that hangs is never given up.",
            fix: `Set ${field}.${names.timeout} and ${names.perTry}.`,
          });
        } else if (whole && one && whole <= one) {
          report(route, {
            field: `${field}.${names.timeout}`,
            message: `The timeout ${timeout} ends with the first try (${names.perTry.split(".")[1]} ${perTry}), so nothing is ever retried.`,
            fix: "Make the timeout longer than one try.",
          });
        }
      }
    });
  },
});

interface Retrying {
  attempts?: number;
  timeout?: string;
  perTry?: string;
  /** The field of the rule, and in it those of retries, of the timeout and of that of one try. */
  field: string;
  names: { retries: string; timeout: string; perTry: string };
}

/** The rules of a route that say how requests are retried. */
function retriesOf(route: AnyRoute): Retrying[] {
  const http = route.shape === "VirtualService" ? (route.fields.spec?.http ?? []) : [];
  const ofIstio = { retries: "retries", timeout: "timeout", perTry: "retries.perTryTimeout" };
  const ofGatewayApi = { retries: "retry", timeout: "timeouts.request", perTry: "timeouts.backendRequest" };
  return [
    ...http.flatMap(({ retries, timeout }, i): Retrying[] =>
      retries === undefined
        ? []
        : [{ ...retries, timeout, perTry: retries.perTryTimeout, field: `spec.http[${i}]`, names: ofIstio }],
    ),
    ...gatewayRules(route).flatMap(({ retry, timeouts = {} }, i): Retrying[] => {
      const { request: timeout, backendRequest: perTry } = timeouts;
      return retry === undefined ? [] : [{ ...retry, timeout, perTry, field: `spec.rules[${i}]`, names: ofGatewayApi }];
    }),
  ];
}

type Route = Resource<"VirtualService">;

export const meshHostsUnique = rule({
  name: "mesh-hosts-unique",
  description: "No two VirtualServices of the mesh have the same host where both are seen.",
  rationale: "Sidecars do not merge VirtualServices: one of them is used, the other is not, and which may change.",
  fix: "Merge their rules into one VirtualService, or limit each with `exportTo`.",
  codes: ["IST0109", "KIA1106"],
  check({ mesh, each, report }) {
    /** By host, and within it by the namespace that sees it. */
    const routes = new Map<string, Map<string, Set<Route>>>();
    const wildcards = new Set<string>();
    each(mesh.virtualServices, (route) => {
      const { hosts = [], exportTo } = route.fields.spec ?? {};
      if (!appliesToMesh(route)) {
        return;
      }
      for (const host of hosts.map((one) => fqdn(one, route.namespace))) {
        const scopes = routes.get(host) ?? new Map<string, Set<Route>>();
        routes.set(host, scopes);
        if (host.startsWith("*")) {
          wildcards.add(host);
        }
        for (const scope of exportScopes(exportTo, route.namespace)) {
          scopes.set(scope, (scopes.get(scope) ?? new Set()).add(route));
        }
      }
    });
    const reported = new Set<Route>();
    for (const [host, scopes] of routes) {
      for (const [scope, here] of scopes) {
        const rivals = new Set(here);
        if (scope !== "*") {
          // What all namespaces see meets what this one sees; there, wildcards count as well.
          const similar = host.startsWith("*") ? [...routes.keys()] : [host, ...wildcards];
          for (const other of similar.filter((one) => hostsMatch(host, one))) {
            routes
              .get(other)
              ?.get("*")
              ?.forEach((route) => rivals.add(route));
          }
        }
        if (rivals.size < 2) {
          continue;
        }
        const names = [...rivals].map(fullName).sort().join(", ");
        for (const route of rivals) {
          if (!reported.has(route)) {
            reported.add(route);
            const at = (route.fields.spec?.hosts ?? []).findIndex((one) =>
              hostsMatch(fqdn(one, route.namespace), host),
            );
            report(route, {
              field: at < 0 ? "spec.hosts" : `spec.hosts[${at}]`,
              message: `The VirtualServices ${names} all route ${host} inside the mesh, so only one of them is used.`,
              fix: "Merge them into one VirtualService.",
            });
          }
        }
      }
    }
  },
});

export const ingressSubsetEffective = rule({
  name: "ingress-subset-effective",
  description: "A gateway's route to a host whose mesh route chooses subsets chooses a subset itself.",
  rationale:
    "A gateway follows its own VirtualService only. What the host's VirtualService says for the mesh, such as which " +
    "version gets how much, does not hold for requests that come through the gateway.",
  fix: "Repeat the subset in the gateway's route.",
  level: "advisory",
  codes: ["IST0140"],
  check({ mesh, each, report }) {
    const choosing = new Map<string, Set<string>>();
    each(mesh.virtualServices, (route) => {
      const { hosts = [], http = [] } = route.fields.spec ?? {};
      for (const { destination } of http.flatMap((one) => one.route ?? [])) {
        if (destination?.subset && destination.host !== undefined && hosts.includes(destination.host)) {
          choosing.set(destination.host, (choosing.get(destination.host) ?? new Set()).add(fullName(route)));
        }
      }
    });
    each(mesh.of("GatewayRoute"), (route) => {
      const all = destinationsOf(route);
      for (const { destination, field, mirror } of isForGateway(route) ? all : []) {
        const { host = "" } = destination;
        const { name = "", namespace } = serviceOf(host) ?? {};
        const ignored = namespace === route.namespace ? choosing.get(name) : choosing.get(host);
        // One that leads to Services of versions besides chooses as well.
        const chooses = all.some((other) => other.destination.host !== host && isPartOf(mesh, other.destination, host));
        if (ignored !== undefined && !mirror && !chooses) {
          report(route, {
            field: `${field}.name`,
            message: `Requests through its gateway do not follow the subsets that ${[...ignored].join(", ")} chooses for ${name}.`,
            fix: "An HTTPRoute knows no subsets: lead to a Service for each version.",
          });
        }
      }
    });
    each(mesh.virtualServices, (route) => {
      const { gateways = [], http = [] } = route.fields.spec ?? {};
      http.forEach((one, i) =>
        one.route?.forEach(({ destination }, j) => {
          const ignored = destination?.subset ? undefined : choosing.get(destination?.host ?? "");
          if (gateways.length > 0 && ignored !== undefined) {
            report(route, {
              field: `spec.http[${i}].route[${j}].destination`,
              message: `Requests through ${gateways.join(", ")} do not follow the subsets that ${[...ignored].join(", ")} chooses for ${destination?.host}.`,
              fix: "Name the subset in this route as well.",
            });
          }
        }),
      );
    });
  },
});

/** Whether a Service has pods of another one, and none besides. */
function isPartOf(mesh: Mesh, { host = "" }: Destination, of: string): boolean {
  const [part, whole] = [mesh.service(host, ""), mesh.service(of, "")].map((one) => one?.fields.spec?.selector);
  return part !== undefined && whole !== undefined && selects(whole, part);
}

type Ports = NonNullable<Host["ports"]>;

/** Which rules of a VirtualService apply to a port of a protocol; `http` to one whose protocol is detected as well. */
function rulesFor(protocol: string | undefined): ("http" | "tls" | "tcp")[] {
  return protocol === undefined
    ? ["http", "tls", "tcp"]
    : isHttp(protocol)
      ? ["http"]
      : isTls(protocol)
        ? ["tls"]
        : ["tcp"];
}

/** Which rules of a VirtualService apply to a server of a gateway. */
function rulesForServer(server: {
  port?: { protocol?: string };
  tls?: { mode?: string };
}): "http" | "tls" | "tcp" | undefined {
  const protocol = protocolNamed(server.port?.protocol);
  const passes = (server.tls?.mode ?? "PASSTHROUGH").endsWith("PASSTHROUGH");
  if (protocol === undefined) {
    return undefined;
  }
  return isHttp(protocol) ? "http" : isTls(protocol) ? (passes ? "tls" : protocol === "https" ? "http" : "tcp") : "tcp";
}

const uses: Readonly<Record<string, string>> = {
  http: "http rules apply where HTTP is seen: on HTTP ports, and where a gateway terminates HTTPS",
  tls: "tls rules apply to TLS that is passed through by its server name",
  tcp: "tcp rules apply to plain TCP, and where a gateway terminates TLS",
};

export const routeProtocolFits = rule({
  name: "route-protocol-fits",
  description: "The http, tls and tcp rules of a VirtualService are for ports of that protocol.",
  rationale:
    "Rules for another protocol than the port's never apply. At a gateway there is no route then, and clients are " +
    "refused; in the mesh the rule, with its timeouts, retries and weights, is not there.",
  fix: "Use the rules of the port's protocol, or correct the protocol of the port or the TLS mode of the server.",
  source: "reference/config/networking/virtual-service/",
  check: eachOf("VirtualService", (route, { mesh, report }) => {
    const { hosts = [], ...spec } = route.fields.spec ?? {};
    const kinds = (["http", "tls", "tcp"] as const).filter((kind) => (spec[kind] ?? []).length > 0);
    for (const { gateway, field } of bindingsOf(mesh, route)) {
      const servers = (gateway.fields.spec?.servers ?? []).filter((server) =>
        serverHostsFor(server.hosts ?? [], gateway.namespace, route.namespace).some((open) =>
          hosts.some((host) => hostsMatch(open, host)),
        ),
      );
      const taken = new Set(servers.map(rulesForServer));
      const used = kinds.some((kind) => taken.has(kind));
      // A rule beside others may be for another gateway, or for the mesh.
      if (servers.length === 0 || taken.has(undefined) || used || kinds.length === 0) {
        continue;
      }
      const [kind] = kinds as [string];
      const [server] = servers as [(typeof servers)[number]];
      const mode = server.tls === undefined ? "" : ` with TLS mode ${server.tls.mode ?? "PASSTHROUGH (none is set)"}`;
      report(route, {
        field: `spec.${kind}`,
        message: `Gateway ${fullName(gateway)} (${field}) serves ${hosts.join(", ")} on port ${server.port?.number} as ${server.port?.protocol}${mode}: ${kind} rules never apply there.`,
        fix: `Write ${[...taken].join(" or ")} rules, or change the protocol or the TLS mode of the server: ${uses[kind]}.`,
      });
    }
    if (!appliesToMesh(route)) {
      return;
    }
    for (const kind of kinds) {
      const found = hosts.flatMap((host) => mesh.host(host, route.namespace) ?? []);
      const ports = found.flatMap((host): Ports => host.ports ?? []);
      const open = found.some((host) => host.ports === undefined);
      (spec[kind] ?? []).forEach(({ match: all = [] }, i) => {
        const match = all.filter(({ gateways = [] }) => gateways.length === 0 || gateways.includes(meshGateway));
        if (all.length > 0 && match.length === 0) {
          return;
        }
        const named = new Set(match.flatMap(({ port }) => port ?? []));
        const asked = ports.filter(({ number }) => named.size === 0 || named.has(number));
        const protocolOf = (port: Ports[number]): string | undefined =>
          declaredProtocol({ ...port, port: port.number });
        if (open || asked.length === 0 || asked.some((port) => rulesFor(protocolOf(port)).includes(kind))) {
          return;
        }
        const [port] = asked as [Ports[number]];
        report(route, {
          field: `spec.${kind}[${i}]`,
          message: `Port ${port.number} (${port.name || port.appProtocol}) of ${hosts.join(", ")} is declared as ${protocolOf(port)}, so ${kind} rules never apply to it.`,
          // The rule may be for a gateway that the route binds to as well.
          certain: bindingsOf(mesh, route).length === 0,
          fix: `Write ${rulesFor(protocolOf(port)).join(" or ")} rules, or correct the name or appProtocol of the port: ${uses[kind]}.`,
        });
      });
    }
  }),
});

export const uriMatchLiteral = rule({
  name: "uri-match-literal",
  description: "Prefixes and exact values of a match contain no wildcard or regular expression.",
  rationale:
    "A prefix and an exact value are compared letter by letter: a star matches only a star, so the rule never applies.",
  fix: "Leave the star out of the prefix, or use `regex`.",
  source: "reference/config/networking/virtual-service/",
  check({ mesh, each, report }) {
    const pattern = /\*|\.\+|\\[dw]|\[[^\]]+\][*+]|^\^|\$$|\([^)]*\|/;
    each(mesh.virtualServices, (route) => {
      route.fields.spec?.http?.forEach(({ match = [] }, i) =>
        match.forEach((one, j) => {
          for (const key of ["uri", "authority"] as const) {
            for (const how of ["prefix", "exact"] as const) {
              const value = one[key]?.[how];
              if (value === undefined || !pattern.test(value)) {
                continue;
              }
              const plain = value.replace(/[*.]*\*$/, "");
              report(route, {
                field: `spec.http[${i}].match[${j}].${key}.${how}`,
                message: `${how === "prefix" ? "A prefix" : "An exact value"} knows no wildcards: ${value} matches only what is written so.`,
                fix:
                  how === "prefix" && !pattern.test(plain)
                    ? `Write prefix: ${plain || "/"}.`
                    : "Use regex, or several matches.",
              });
            }
          }
        }),
      );
    });
    each(mesh.of("GatewayRoute"), (route) => {
      const rules = (route.fields.spec?.rules ?? []) as { matches?: { path?: { type?: string; value?: string } }[] }[];
      rules.forEach(({ matches = [] }, i) =>
        matches.forEach(({ path = {} }, j) => {
          const { type = "PathPrefix", value = "" } = path;
          if (type !== "RegularExpression" && pattern.test(value)) {
            report(route, {
              field: `spec.rules[${i}].matches[${j}].path.value`,
              message: `${type} knows no wildcards: ${value} matches only what is written so.`,
              fix: "Leave the wildcard out, or use type RegularExpression.",
            });
          }
        }),
      );
    });
  },
});

export const delegateValid = rule({
  name: "delegate-valid",
  description: "A VirtualService that another delegates to is declared and has no hosts of its own.",
  rationale: "A rule that delegates to nothing, or to a VirtualService that has hosts, is dropped: requests get 404.",
  fix: "Take `hosts` and `gateways` from the delegate, or correct the reference.",
  source: "reference/config/networking/virtual-service/",
  check: eachOf("VirtualService", (route, { mesh, report, missing }) => {
    route.fields.spec?.http?.forEach(({ delegate }, i) => {
      if (delegate?.name === undefined) {
        return;
      }
      const { name, namespace = route.namespace } = delegate;
      const field = `spec.http[${i}].delegate`;
      const found = mesh.find("VirtualService", "networking.istio.io", namespace, name) as Route | undefined;
      if (found === undefined) {
        missing(true, route, {
          field,
          message: `The rule delegates to VirtualService ${namespace}/${name}, which is not declared.`,
          fix: "Correct the name or the namespace, or declare it.",
        });
      } else if ((found.fields.spec?.hosts ?? []).length > 0) {
        report(route, {
          field,
          message: `VirtualService ${namespace}/${name} has hosts (${found.fields.spec?.hosts?.join(", ")}), so it is no delegate: the rule is dropped and requests get 404.`,
          fix: `Remove hosts and gateways from ${namespace}/${name}.`,
        });
      } else {
        const scopes = exportScopes(found.fields.spec?.exportTo, namespace);
        if (!scopes.includes("*") && !scopes.includes(route.namespace)) {
          report(route, {
            field,
            message: `The delegate ${namespace}/${name} is not exported to ${route.namespace}, so the rule is dropped.`,
            fix: `Add ${route.namespace} to its exportTo.`,
          });
        }
      }
    });
  }),
});

/** The literal prefix of paths that a match takes alone, where nothing else narrows it. */
function prefixOf(match: Match): string | undefined {
  const { uri, name: _, ...rest } = match as Match & { uri?: { prefix?: string; exact?: string }; gateways?: string[] };
  const narrowed = Object.keys(rest).some((key) => key !== "gateways" && key !== "ignoreUriCase");
  return narrowed ? undefined : uri?.prefix;
}

export const gatewayRoutesDisjoint = rule({
  name: "gateway-routes-disjoint",
  description: "Routes of one host at one gateway do not take each other's requests.",
  rationale:
    "A gateway merges the VirtualServices of a host in the order of their age. Where a prefix of one starts with a prefix of another, " +
    "which of them is asked first differs from cluster to cluster. Of HTTPRoutes the more specific match counts, and the older route " +
    "where two are the same.",
  fix: "Put both rules into one VirtualService, the longer prefix first, or use delegates; give HTTPRoutes different matches.",
  source: "ops/best-practices/traffic-management/",
  check({ mesh, each, report }) {
    interface Prefix {
      route: Route;
      prefix: string;
      field: string;
    }
    const byHost = new Map<string, Prefix[]>();
    each(mesh.virtualServices, (route) => {
      const { hosts = [], http = [] } = route.fields.spec ?? {};
      const prefixes = http.flatMap(({ match = [] }, i) =>
        match.flatMap((one, j): Prefix[] => {
          const prefix = prefixOf(one);
          return prefix === undefined ? [] : [{ route, prefix, field: `spec.http[${i}].match[${j}].uri.prefix` }];
        }),
      );
      for (const { gateway } of bindingsOf(mesh, route)) {
        for (const host of hosts) {
          const key = `${fullName(gateway)} ${host}`;
          byHost.set(key, [...(byHost.get(key) ?? []), ...prefixes]);
        }
      }
    });
    for (const [key, prefixes] of byHost) {
      const sorted = [...prefixes].sort((a, b) => (a.prefix < b.prefix ? -1 : a.prefix > b.prefix ? 1 : 0));
      const open: Prefix[] = [];
      for (const one of sorted) {
        while (open.length > 0 && !one.prefix.startsWith(open.at(-1)!.prefix)) {
          open.pop();
        }
        // The rule for everything always comes last.
        const over = open.find(({ route, prefix }) => route !== one.route && prefix !== "/" && prefix !== "");
        if (over !== undefined) {
          report(one.route, {
            field: one.field,
            message: `VirtualService ${fullName(over.route)} takes the prefix ${over.prefix} of the same host (${key.split(" ")[1]}) at the same gateway: which of the two is asked first depends on their age, and ${over.prefix} may take what is meant for ${one.prefix}.`,
            fix: "Put both rules into one VirtualService, the longer prefix first.",
          });
        }
        open.push(one);
      }
    }
    const seen = new Map<string, Resource>();
    each(mesh.of("GatewayRoute"), (route) => {
      for (const { key, field, text } of matchesAtGateways(route)) {
        const first = seen.get(key) ?? route;
        seen.set(key, first);
        if (first !== route) {
          report(route, {
            field,
            message: `${first.kind} ${fullName(first)} takes ${text} at the same gateway: only the older of the two is asked.`,
            fix: "Give each a match of its own.",
          });
        }
      }
    });
  },
});

/** What a route of the Gateway API takes at each of its gateways, the same text for the same requests. */
function matchesAtGateways(route: Resource<"GatewayRoute">): { key: string; field: string; text: string }[] {
  const { parentRefs = [], hostnames = ["*"] } = route.fields.spec ?? {};
  const parents = parentRefs.filter(({ kind = "Gateway" }) => kind === "Gateway");
  return parents.flatMap(({ name, namespace = route.namespace, sectionName, port }) =>
    hostnames.flatMap((hostname) =>
      gatewayRules(route).flatMap(({ matches }, i) =>
        (Array.isArray(matches) && matches.length > 0 ? (matches as PathMatch[]) : [{}]).map((match, j) => {
          const { type = "PathPrefix", value = "/" } = match.path ?? {};
          const at = [route.kind, namespace, name, sectionName, port, hostname].join(" ");
          return {
            key: `${at} ${canonical({ ...match, path: { type, value } })}`,
            field: matches === undefined ? `spec.rules[${i}]` : `spec.rules[${i}].matches[${j}]`,
            text: `the same requests (${hostname}, ${type} ${value})`,
          };
        }),
      ),
    ),
  );
}

interface PathMatch {
  path?: { type?: string; value?: string };
}

export const portSettingsKeepTls = rule({
  name: "port-settings-keep-tls",
  description: "Port settings of a DestinationRule repeat the TLS settings that hold for the host.",
  rationale:
    "Settings of a port stand in place of those of the host as a whole: what they leave out has its default. Without tls " +
    "the port sends plain text.",
  fix: "Repeat `tls` in `portLevelSettings`.",
  source: "reference/config/networking/destination-rule/",
  check: eachOf("DestinationRule", (one, { report }) => {
    const { trafficPolicy, subsets = [] } = one.fields.spec ?? {};
    for (const { policy, at } of [
      { policy: trafficPolicy, at: "spec.trafficPolicy" },
      ...subsets.map((subset, i) => ({ policy: subset.trafficPolicy, at: `spec.subsets[${i}].trafficPolicy` })),
    ]) {
      const mode = policy?.tls?.mode ?? trafficPolicy?.tls?.mode;
      policy?.portLevelSettings?.forEach(({ port, tls }, i) => {
        if ((mode === "SIMPLE" || mode === "MUTUAL") && tls === undefined) {
          report(one, {
            field: `${at}.portLevelSettings[${i}]`,
            message: `The settings of port ${port?.number} have no tls and inherit none: the port sends plain text, not TLS (${mode}).`,
            fix: "Repeat tls there.",
          });
        }
      });
    }
  }),
});

export const tlsBegunOnce = rule({
  name: "tls-begun-once",
  description: "A client's TLS is begun by the application or by the proxy, not by both and not by neither.",
  rationale:
    "A DestinationRule that begins TLS for a port on which the application already speaks TLS wraps it twice; an HTTP rule that leads " +
    "to a port of HTTPS without such a DestinationRule sends plain text to it. Either is refused by the server.",
  fix: "Declare the port as HTTP where the proxy begins TLS, or remove the TLS mode where the application does.",
  source: "reference/config/networking/destination-rule/",
  check({ mesh, each, report }) {
    /** Hosts and ports of TLS to which HTTP rules lead: there the traffic is plain until the proxy begins TLS. */
    const plain = new Map<string, { route: AnyRoute; field: string }[]>();
    const tlsPort = (host: Host | undefined, number: number | undefined): number | undefined => {
      const ports = (host?.ports ?? []).filter((port) => number === undefined || port.number === number);
      const [port] = ports;
      return ports.length === 1 && isTls(declaredProtocol({ ...port!, port: port!.number })) ? port!.number : undefined;
    };
    const routesKnown = each(allRoutes(mesh), (route) => {
      for (const { destination, field, protocol, mirror } of destinationsOf(route)) {
        const { host = "", port } = destination;
        const target = mesh.host(host, route.namespace);
        const number = tlsPort(target, port?.number);
        // A gateway takes what its Gateways say on any port of its Service.
        const gateway =
          target?.resource.shape === "Service" && isIstioService(mesh, target.resource as Resource<"Service">);
        if (protocol === "http" && !gateway && !mirror && number !== undefined) {
          const key = `${fqdn(host, route.namespace)} ${number}`;
          plain.set(key, [...(plain.get(key) ?? []), { route, field }]);
        }
      }
    });
    const begun = new Set<string>();
    const gatewayTls = mesh.resources.some(
      ({ kind, group }) => kind === "BackendTLSPolicy" && group === gatewayApiGroup,
    );
    const rulesKnown = each(mesh.destinationRules, (one) => {
      const { host = "", trafficPolicy, subsets = [] } = one.fields.spec ?? {};
      const full = fqdn(host, one.namespace);
      const target = mesh.host(host, one.namespace);
      for (const { number } of target?.ports ?? []) {
        const i = (trafficPolicy?.portLevelSettings ?? []).findIndex(({ port }) => port?.number === number);
        const own = i >= 0 ? trafficPolicy!.portLevelSettings![i]!.tls : trafficPolicy?.tls;
        if (own?.mode !== "SIMPLE" && own?.mode !== "MUTUAL") {
          continue;
        }
        begun.add(`${full} ${number}`);
        if (routesKnown && tlsPort(target, number) !== undefined && !plain.has(`${full} ${number}`)) {
          report(one, {
            field: i >= 0 ? `spec.trafficPolicy.portLevelSettings[${i}].tls.mode` : "spec.trafficPolicy.tls.mode",
            message: `Port ${number} of ${host} is declared as TLS, which the application begins: with mode ${own.mode} the proxy begins TLS once more.`,
            fix: `Declare the port as HTTP if applications call it in plain text, or remove the TLS mode.`,
            // Only the name of the port shows whether an application begins TLS.
            certain:
              target?.resource.kind === "ServiceEntry" &&
              (target.ports ?? []).length === 1 &&
              target.ports![0]!.appProtocol?.toUpperCase() === "HTTPS",
          });
        }
      }
      for (const { number } of target?.ports ?? []) {
        if (subsets.some(({ trafficPolicy: own }) => ["SIMPLE", "MUTUAL"].includes(own?.tls?.mode ?? ""))) {
          begun.add(`${full} ${number}`);
        }
      }
    });
    const begins = new Set<Resource<"DestinationRule">>();
    each(mesh.destinationRules, (one) => {
      if (/"mode":"(SIMPLE|MUTUAL|ISTIO_MUTUAL)"/.test(JSON.stringify(one.fields.spec ?? {}))) {
        begins.add(one);
      }
    });
    // A rule that could not be judged may be the one that begins TLS.
    for (const [key, routes] of rulesKnown ? plain : []) {
      const [host = "", port] = key.split(" ");
      if (begun.has(key) || mesh.rulesMatching(host).some((one) => begins.has(one))) {
        continue;
      }
      for (const { route, field } of routes) {
        // A BackendTLSPolicy begins TLS for routes of the Gateway API.
        if (route.shape === "GatewayRoute" && gatewayTls) {
          continue;
        }
        report(route, {
          field,
          message: `The http rule leads to port ${port} of ${host}, which is declared as TLS, and no DestinationRule begins TLS: the server gets plain text.`,
          fix: `Lead to a port of HTTP, or declare a DestinationRule for ${host} with tls.mode SIMPLE.`,
        });
      }
    }
  },
});
