/** The Gateway API. */
import { gatewayApiGroup as group } from "../mesh/names";
import { fqdn, hostsMatch, serviceOf } from "../mesh/hosts";
import type { Mesh } from "../mesh/mesh";
import { fullName, type Resource } from "../mesh/resource";
import { matchesGlob, matchesSelector } from "../mesh/selectors";
import { flawOf } from "../mesh/servings";
import { eachOf, rule } from "../rule";

/** The oldest version of each definition that Istio reads. */
const minimum: Readonly<Record<string, readonly [number, number]>> = {
  "grpcroutes.gateway.networking.k8s.io": [1, 1],
  "backendtlspolicies.gateway.networking.k8s.io": [1, 4],
  "tlsroutes.gateway.networking.k8s.io": [1, 5],
  "tcproutes.gateway.networking.k8s.io": [1, 6],
};

export const gatewayApiVersion = rule({
  name: "gateway-api-version",
  description: "The definitions of the Gateway API are of a version that Istio reads.",
  rationale: "Istio passes over resources of an older definition: their routes are not there.",
  fix: "Install a newer release of the Gateway API.",
  codes: ["IST0176"],
  check: eachOf("CustomResourceDefinition", (definition, { report }) => {
    const [major = 0, minor = 0] = minimum[definition.name] ?? [];
    const version = definition.annotations["gateway.networking.k8s.io/bundle-version"] ?? "";
    const [, is, at] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
    if (is !== undefined && (Number(is) < major || (Number(is) === major && Number(at) < minor))) {
      report(definition, {
        field: 'metadata.annotations["gateway.networking.k8s.io/bundle-version"]',
        message: `It is of version ${version}, but Istio needs ${major}.${minor} at least.`,
        fix: "Upgrade the Gateway API.",
      });
    }
  }),
});

type Gateway = Resource<"KubernetesGateway">;
type Listener = NonNullable<NonNullable<Gateway["fields"]["spec"]>["listeners"]>[number];

/** Whether a ReferenceGrant of the target's namespace lets a resource of another namespace refer to it. */
function isGranted(
  mesh: Mesh,
  from: { group: string; kind: string; namespace: string },
  to: { group: string; kind: string; name: string; namespace: string },
): boolean {
  return mesh.of("ReferenceGrant").some(({ namespace, fields: { spec = {} } }) => {
    const source = spec.from?.some(
      (one) => (one.group ?? "") === from.group && one.kind === from.kind && one.namespace === from.namespace,
    );
    const target = spec.to?.some(
      (one) =>
        (one.group ?? "") === to.group && one.kind === to.kind && (one.name === undefined || one.name === to.name),
    );
    return namespace === to.namespace && source === true && target === true;
  });
}

/** The kinds of routes that a listener takes where it names none. */
const routesOfProtocol: Readonly<Record<string, readonly string[]>> = {
  HTTP: ["HTTPRoute", "GRPCRoute"],
  HTTPS: ["HTTPRoute", "GRPCRoute"],
  TLS: ["TLSRoute", "TCPRoute"],
  TCP: ["TCPRoute"],
  UDP: ["UDPRoute"],
};

/** Why a listener does not take a route; undefined where it does. */
function refusal(
  mesh: Mesh,
  gateway: Gateway,
  listener: Listener,
  route: Resource<"GatewayRoute">,
): { message: string; fix: string; field?: string } | undefined {
  const { allowedRoutes = {}, protocol = "", hostname, name = "" } = listener;
  const { from = "Same", selector } = allowedRoutes.namespaces ?? {};
  const namespace = mesh.namespace(route.namespace);
  const open =
    from === "All" ||
    (from === "Same" && route.namespace === gateway.namespace) ||
    (from === "Selector" && (namespace === undefined || matchesSelector(selector, namespace.labels)));
  if (!open) {
    return {
      message: `Listener ${name} takes routes ${from === "Same" ? "of its own namespace only" : from === "Selector" ? "of namespaces with certain labels only" : "of no namespace"}.`,
      fix: `Open it in allowedRoutes.namespaces (from: All, or a Selector that takes ${route.namespace}).`,
    };
  }
  const kinds = allowedRoutes.kinds?.flatMap(({ kind }) => kind ?? []) ?? routesOfProtocol[protocol];
  if (kinds !== undefined && !kinds.includes(route.kind)) {
    return {
      message: `Listener ${name} (${protocol}) takes ${kinds.join(" and ")} only.`,
      fix: `Use a listener for ${route.kind}s, or allow the kind.`,
    };
  }
  const { hostnames = [] } = route.fields.spec ?? {};
  if (hostname !== undefined && hostnames.length > 0 && !hostnames.some((one) => hostsMatch(one, hostname))) {
    return {
      message: `Listener ${name} has the hostname ${hostname}, which none of ${hostnames.join(", ")} matches.`,
      fix: "Correct the hostnames.",
      field: "spec.hostnames",
    };
  }
  return undefined;
}

export const routeParentAttaches = rule({
  name: "route-parent-attaches",
  description: "A parentRef of a route names a declared Gateway, one of its listeners, and one that takes the route.",
  rationale: "A route that no listener takes is not there: requests get 404, and only its status says so.",
  fix: "Correct the reference, or open the listener to the route's namespace, kind and hostnames.",
  source: "https://gateway-api.sigs.k8s.io/reference/spec/",
  check({ mesh, each, report, missing }) {
    const gateways = mesh.of("KubernetesGateway");
    each(mesh.of("GatewayRoute"), (route) => {
      route.fields.spec?.parentRefs?.forEach((reference, i) => {
        const { name = "", namespace = route.namespace, sectionName, port, kind = "Gateway" } = reference;
        const field = `spec.parentRefs[${i}]`;
        if (kind === "Service") {
          if (mesh.find("Service", "", namespace, name) === undefined) {
            missing(mesh.declaresHosts && !mesh.mayBeMade(namespace), route, {
              field,
              message: `The parent Service ${namespace}/${name} is not declared.`,
              fix: "Correct the name or the namespace.",
            });
          }
          return;
        }
        if (kind !== "Gateway") {
          return;
        }
        const gateway = mesh.find("Gateway", group, namespace, name) as Gateway | undefined;
        if (gateway === undefined) {
          const same = gateways.find((one) => one.name === name);
          missing(gateways.length > 0 && !mesh.mayBeMade(namespace), route, {
            field,
            message: `The Gateway ${namespace}/${name} is not declared.`,
            fix: same === undefined ? "Correct the name." : `Set namespace: ${same.namespace}.`,
          });
          return;
        }
        const listeners = gateway.fields.spec?.listeners ?? [];
        const named = listeners.filter((one) => sectionName === undefined || one.name === sectionName);
        const asked = named.filter((one) => port === undefined || one.port === port);
        if (asked.length === 0) {
          const bySection = named.length === 0;
          report(route, {
            field: `${field}.${bySection ? "sectionName" : "port"}`,
            message: `Gateway ${fullName(gateway)} has no listener ${bySection ? sectionName : `on port ${port}`}: it has ${listeners.map((one) => `${one.name} (${one.port})`).join(", ") || "none"}.`,
            fix: `Name one of them.`,
          });
          return;
        }
        const refusals = asked.map((listener) => refusal(mesh, gateway, listener, route));
        const [first] = refusals;
        if (first !== undefined && refusals.every(Boolean)) {
          report(route, {
            field: first.field ?? field,
            message: `Gateway ${fullName(gateway)} does not take the route: ${first.message}`,
            fix: first.fix,
          });
        }
      });
    });
  },
});

type RouteRule = NonNullable<NonNullable<Resource<"GatewayRoute">["fields"]["spec"]>["rules"]>[number];
type BackendReference = NonNullable<RouteRule["backendRefs"]>[number];

/** The backends that a rule leads to, and those that it mirrors requests to. */
function backendsOf({ backendRefs = [], filters = [] }: RouteRule, at: string) {
  return [
    ...backendRefs.map((reference, i) => ({ reference, field: `${at}.backendRefs[${i}]` })),
    ...filters.flatMap(({ requestMirror }, i): { reference: BackendReference; field: string }[] =>
      requestMirror?.backendRef === undefined
        ? []
        : [{ reference: requestMirror.backendRef, field: `${at}.filters[${i}].requestMirror.backendRef` }],
    ),
  ];
}

export const routeBackendExists = rule({
  name: "route-backend-exists",
  description: "A backendRef names a declared Service and one of its ports, and may refer to it.",
  rationale: "A backendRef that cannot be resolved answers its share of requests with 500.",
  fix: "Correct the name, the namespace or the port; declare a ReferenceGrant in the Service's namespace.",
  source: "https://gateway-api.sigs.k8s.io/reference/spec/",
  check: eachOf("GatewayRoute", (route, { mesh, settings, report, missing }) => {
    (route.fields.spec?.rules ?? []).forEach((one, i) =>
      backendsOf(one, `spec.rules[${i}]`).forEach(({ reference, field }) => {
        const { kind = "Service", group: of = "", name = "", namespace = route.namespace, port } = reference;
        const to = { kind, group: of, name, namespace };
        if (kind === "Service" && of === "" && name.includes(".")) {
          const service = serviceOf(name);
          report(route, {
            field: `${field}.name`,
            message: `${name} is a host, but a backendRef takes the name of a Service: requests get 500.`,
            fix: service
              ? `Write name: ${service.name} and namespace: ${service.namespace}, or put the route into that namespace.`
              : "Name a Service; for a host outside of the cluster, use kind: Hostname, group: networking.istio.io.",
          });
          return;
        }
        if (
          namespace !== route.namespace &&
          !isGranted(mesh, { group, kind: route.kind, namespace: route.namespace }, to)
        ) {
          report(route, {
            field: `${field}.namespace`,
            message: `No ReferenceGrant in namespace ${namespace} lets ${route.kind}s of ${route.namespace} refer to ${kind} ${name}: requests get 500.`,
            fix: `Declare one in ${namespace}: from {group: ${group}, kind: ${route.kind}, namespace: ${route.namespace}} to {group: "${of}", kind: ${kind}}.`,
            certain:
              settings.closedWorld === true ||
              mesh.of("ReferenceGrant").length > 0 ||
              mesh.namespace(namespace) !== undefined,
          });
        }
        const host = kind === "Service" && of === "" ? fqdn(name, namespace) : kind === "Hostname" ? name : undefined;
        if (host === undefined || settings.externalHosts.some((pattern) => matchesGlob(pattern, host))) {
          return;
        }
        const known = mesh.host(host, namespace);
        if (known === undefined) {
          missing(mesh.declaresHosts && !mesh.mayBeMade(namespace), route, {
            field: `${field}.name`,
            message: `${kind === "Service" ? `Service ${namespace}/${name}` : `The host ${name}`} is not declared: requests get 500.`,
            fix: "Correct the name or the namespace, or declare it.",
          });
        } else if (port === undefined && kind === "Service") {
          report(route, {
            field,
            message: "A backendRef to a Service has to name a port.",
            fix: `Add port: ${known.ports?.[0]?.number ?? 80}.`,
          });
        } else if (known.ports !== undefined && !known.ports.some(({ number }) => number === port)) {
          report(route, {
            field: `${field}.port`,
            message: `Service ${namespace}/${name} has no port ${port}: it has ${known.ports.map(({ number }) => number).join(", ") || "none"}.`,
            fix: "Use one of its ports (the Service's port, not the target port).",
          });
        }
      }),
    );
  }),
});

export const listenerCertificateExists = rule({
  name: "listener-certificate-exists",
  description: "A Secret that a listener names is declared, and a Gateway may refer to it.",
  rationale: "A listener without its certificate is not programmed: clients see a reset connection.",
  fix: "Put the Secret into the Gateway's namespace, or declare a ReferenceGrant beside it.",
  source: "https://gateway-api.sigs.k8s.io/reference/spec/",
  check: eachOf("KubernetesGateway", (gateway, { mesh, report, missing }) => {
    gateway.fields.spec?.listeners?.forEach(({ tls, protocol }, i) => {
      if (
        (protocol === "HTTPS" || (protocol === "TLS" && tls?.mode !== "Passthrough")) &&
        !tls?.certificateRefs?.length
      ) {
        report(gateway, {
          field: `spec.listeners[${i}]`,
          message: `The listener ends TLS (${protocol}) and names no certificate.`,
          fix: "Add tls.certificateRefs, or set tls.mode Passthrough on a TLS listener.",
          certain: !("options" in (tls ?? {})),
        });
      }
      tls?.certificateRefs?.forEach(
        ({ name = "", namespace = gateway.namespace, kind = "Secret", group: of = "" }, j) => {
          const field = `spec.listeners[${i}].tls.certificateRefs[${j}]`;
          if (kind !== "Secret" || of !== "") {
            return;
          }
          const to = { kind, group: of, name, namespace };
          if (
            namespace !== gateway.namespace &&
            !isGranted(mesh, { group, kind: "Gateway", namespace: gateway.namespace }, to)
          ) {
            report(gateway, {
              field: `${field}.namespace`,
              message: `No ReferenceGrant in namespace ${namespace} lets Gateways of ${gateway.namespace} refer to Secret ${name}.`,
              fix: `Declare one in ${namespace}.`,
              certain: mesh.namespace(namespace) !== undefined,
            });
          }
          if (mesh.isSecretMade(namespace, name)) {
            return;
          }
          const secret = mesh.find("Secret", "", namespace, name) as Resource<"Secret"> | undefined;
          const wrong = secret && flawOf(secret);
          if (wrong !== undefined) {
            report(gateway, {
              field: `${field}.name`,
              message: `The Secret ${namespace}/${name} cannot serve: ${wrong}.`,
              fix: "Renew it.",
            });
          }
          if (secret === undefined) {
            missing(mesh.of("Secret").length > 0 && !mesh.mayBeMade(namespace), gateway, {
              field: `${field}.name`,
              message: `The Secret ${namespace}/${name} is not declared.`,
              fix: "Declare it, or the Certificate that writes it.",
            });
          }
        },
      );
    });
  }),
});
