/** VirtualServices and HTTPRoutes: where requests go. */
import { milliseconds } from "../mesh/values";
import { exportScopes, fqdn, hostsMatch, isMultiCluster, serverHostsFor, serviceOf } from "../mesh/hosts";
import type { Host, Mesh } from "../mesh/mesh";
import { declaredProtocol, isHttp, isTls, protocolNamed } from "../mesh/protocols";
import { fullName, type Resource } from "../mesh/resource";
import {
  allRoutes,
  appliesToMesh,
  bindingsOf,
  destinationsOf,
  gatewayRules,
  isForGateway,
  namesPods,
} from "../mesh/routes";
import { meshGateway, type AnyRoute, type Destination } from "../mesh/routes";
import { matchesGlob, selects } from "../mesh/selectors";
import { eachOf, rule } from "../rule";

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
