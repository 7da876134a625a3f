/** Gateways: who serves them, for which hosts, with which certificate. */
import { targetReferences, targetingPolicies } from "../mesh/policies";
import { gatewayNameLabel } from "../mesh/names";
import { hostsMatch, serverHostsFor } from "../mesh/hosts";
import type { Mesh } from "../mesh/mesh";
import { fullName, type Resource } from "../mesh/resource";
import { gatewayReference, isLegacyReference, isGenerated, meshGateway } from "../mesh/routes";
import { selectorText, selects } from "../mesh/selectors";
import { addressOf, allGateways, flawOf, servingOf, type AnyGateway, type Serving } from "../mesh/servings";
import { eachOf, rule, type Context } from "../rule";

/**
 * Whether a gateway of a namespace is to be declared beside a route: a shared one of another namespace may be another
 * input's.
 */
function belongsHere(mesh: Mesh, namespace: string, route: Resource): boolean {
  return mesh.gateways.length > 0 || namespace === route.namespace;
}

export const gatewayReferenceValid = rule({
  name: "gateway-reference-valid",
  description: "A gateway that a VirtualService names is declared, and is not one that Istio generates.",
  rationale: "A VirtualService that binds to a gateway which does not exist routes nothing: requests get 404.",
  fix: "Name a declared Gateway, as `name` in the same namespace or as `namespace/name`.",
  codes: ["IST0101", "IST0165", "KIA1102"],
  check: eachOf("VirtualService", (route, { mesh, report, missing }) => {
    route.fields.spec?.gateways?.forEach((reference, i) => {
      if (reference === meshGateway || reference === "") {
        return;
      }
      const field = `spec.gateways[${i}]`;
      const { namespace, name } = gatewayReference(reference, route.namespace);
      if (isGenerated(name)) {
        report(route, {
          field,
          message: `The gateway ${reference} is one that Istio generates for a Gateway of the Gateway API.`,
          fix: "Attach an HTTPRoute to that Gateway instead.",
          code: "IST0165",
        });
      } else if (isLegacyReference(reference) && mesh.istioGateway(namespace, name)) {
        report(route, {
          field,
          message: `The gateway ${reference} is named in a form that Istio keeps for old configurations only.`,
          fix: `Write ${namespace}/${name}.`,
          certain: false,
        });
      } else if (mesh.istioGateway(namespace, name) === undefined) {
        const others = mesh.gateways
          .filter((gateway) => gateway.name === name)
          .map((gateway) => `${gateway.namespace}/${name}`);
        missing(belongsHere(mesh, namespace, route), route, {
          field,
          message: `The gateway ${reference} is not declared in namespace ${namespace}.`,
          fix: others.length > 0 ? `Write ${others.join(" or ")}.` : "Declare it, or correct the name.",
        });
      }
    });
  }),
});

export const gatewayHostMatches = rule({
  name: "gateway-host-matches",
  description: "A VirtualService's hosts are among those that its gateway opens for its namespace.",
  rationale: "The gateway answers 404 for a host that none of its servers opens to the route's namespace.",
  fix: "Add the host to a server of the gateway, or open the server's host to the namespace.",
  codes: ["IST0132"],
  check: eachOf("VirtualService", (route, { mesh, report }) => {
    const { gateways = [], hosts = [] } = route.fields.spec ?? {};
    gateways.forEach((reference, i) => {
      const { namespace, name } = gatewayReference(reference, route.namespace);
      if (reference === meshGateway || isGenerated(name)) {
        return;
      }
      const gateway = mesh.istioGateway(namespace, name);
      const open = (gateway?.fields.spec?.servers ?? []).flatMap((server) => server.hosts ?? []);
      const visible = gateway === undefined ? [] : serverHostsFor(open, gateway.namespace, route.namespace);
      if (!visible.some((one) => hosts.some((host) => hostsMatch(one, host)))) {
        report(route, {
          field: `spec.gateways[${i}]`,
          certain: gateway !== undefined || belongsHere(mesh, namespace, route),
          message: `Gateway ${namespace}/${name} opens none of the hosts ${hosts.join(", ")} to namespace ${route.namespace}${gateway === undefined ? ", for it is not declared" : `: it opens ${open.join(", ") || "none"}`}.`,
          fix: "Add one of the hosts to a server of the gateway, or correct the hosts.",
        });
      }
    });
  }),
});

export const gatewayWorkloadPort = rule({
  name: "gateway-workload-port",
  description: "A Gateway's selector takes a gateway workload, and that workload's Service opens the Gateway's ports.",
  rationale:
    "Without a workload, no proxy serves the Gateway. With a port that the workload's Service lacks, the proxy listens but " +
    "no client gets there.",
  fix: "Use the labels of the gateway's pods, and add the port to the gateway's Service.",
  codes: ["IST0101", "IST0162", "KIA0302"],
  source: "IST0162",
  check({ mesh, each, report, missing }) {
    each(allGateways(mesh), (gateway) => {
      const address = addressOf(gateway);
      const serving = servingOf(mesh, gateway);
      if (serving === undefined) {
        if (address !== undefined && mesh.host(address.host, gateway.namespace) === undefined) {
          missing(mesh.declaresHosts && !mesh.mayBeMade(gateway.namespace), gateway, {
            field: address.field,
            message: `No Service has the host ${address.host}, so no proxy serves this Gateway.`,
            fix: "Name the Service of the gateway's pods, or leave the address out for pods of its own.",
          });
        }
        return;
      }
      judgePorts({ mesh, report, missing }, gateway, serving);
    });
  },
});

/** Whether there are pods that serve a Gateway, and whether their Service opens its ports. */
function judgePorts(
  { mesh, report, missing }: Pick<Context, "mesh" | "report" | "missing">,
  gateway: AnyGateway,
  { selector, selectorField, ports: served }: Serving,
): void {
  const workloads = mesh.selectedBy(selector);
  const text = selectorText(selector);
  if (workloads.length === 0) {
    missing(true, gateway, {
      field: selectorField,
      message: `No workload carries the labels ${text}, so no proxy serves this Gateway.`,
      fix: "Use the labels of the gateway's pods, such as istio: ingressgateway.",
    });
    return;
  }
  const ports = new Set<number>();
  for (const workload of workloads) {
    if (workload.assumed) {
      workload.spec.containers?.forEach((one) =>
        one.ports?.forEach(({ containerPort = 0 }) => ports.add(containerPort)),
      );
    }
    for (const service of mesh.servicesOf(workload)) {
      for (const { port = 0, targetPort, protocol = "TCP" } of service.fields.spec?.ports ?? []) {
        if (protocol === "TCP") {
          // The proxy listens on the target port; Istio lets a Gateway name either.
          ports.add(port);
          ports.add(Number(targetPort) || port);
        }
      }
    }
  }
  for (const { number, numberField } of served) {
    if (number !== undefined && !ports.has(number)) {
      mesh.requireKnownServices();
      report(gateway, {
        field: numberField,
        message: `Port ${number} is not open on the Service of the workload that ${text} selects: it opens ${[...ports].join(", ") || "none"}.`,
        fix: `Add port ${number} to that Service, or use one that it has.`,
        code: "IST0162",
        certain: !workloads.every(({ assumed }) => assumed),
      });
    }
  }
}

type Selector = Record<string, string> | undefined;

/** Whether two selectors can take one workload: they are the same, or some declared pod carries the labels of both. */
function overlap(mesh: Mesh, a: Selector, b: Selector): boolean {
  return (
    selectorText(a) === selectorText(b) ||
    mesh.selectedBy(a).some(({ labels, assumed }) => !assumed && selects(b, labels))
  );
}

export const gatewaysDisjoint = rule({
  name: "gateways-disjoint",
  description: "No two Gateways open the same host on the same port of the same workload.",
  rationale: "Only one of them is served, and which one depends on their age; the other's TLS settings are dropped.",
  fix: "Merge the Gateways, or give them different hosts, ports or selectors.",
  codes: ["IST0145", "KIA0301"],
  check({ mesh, each, report }) {
    interface Opening {
      gateway: AnyGateway;
      selector: Selector;
      bind: string;
    }
    const byHost = new Map<string, Opening[]>();
    const key = (number: number | undefined, host: string): string => `${number ?? 0} ${host}`;
    const gateways = allGateways(mesh);
    each(gateways, (gateway) => {
      const { selector, ports = [] } = servingOf(mesh, gateway) ?? {};
      for (const { number, hosts, bind } of ports) {
        for (const host of hosts) {
          const of = key(number, host);
          byHost.set(of, [...(byHost.get(of) ?? []), { gateway, selector, bind }]);
        }
      }
    });
    each(gateways, (gateway) => {
      const { selector, ports = [] } = servingOf(mesh, gateway) ?? {};
      for (const { number, hosts, bind, field } of ports) {
        const others = new Set<string>();
        const shared = hosts.filter((host) => {
          const rivals = (byHost.get(key(number, host)) ?? []).filter(
            (other) => other.gateway !== gateway && other.bind === bind && overlap(mesh, selector, other.selector),
          );
          rivals.forEach((rival) => others.add(fullName(rival.gateway)));
          return rivals.length > 0;
        });
        if (shared.length > 0) {
          report(gateway, {
            field,
            message: `It opens ${shared.join(", ")} on port ${number}, as ${[...others].join(", ")} does for the same workload.`,
            fix: "Merge them into one Gateway, or give them different hosts or ports.",
          });
        }
      }
    });
  },
});

interface Tls {
  credentialName?: string;
  serverCertificate?: string;
  privateKey?: string;
}

/** What names the certificate of a server; undefined where none is named. */
function certificate({ credentialName, serverCertificate, privateKey }: Tls): string | undefined {
  return credentialName || (serverCertificate && privateKey ? `${serverCertificate} ${privateKey}` : undefined);
}

export const gatewayCertificatesUnique = rule({
  name: "gateway-certificates-unique",
  description: "Gateways of the same workload do not share a certificate.",
  rationale:
    "Browsers reuse an HTTP/2 connection for every host that its certificate covers. The connection stays with the first " +
    "Gateway, which answers 404 for the other's hosts.",
  fix: "Put the hosts that share a certificate into one Gateway.",
  codes: ["IST0138"],
  check({ mesh, each, report }) {
    const users = new Map<string, typeof mesh.gateways>();
    const servers = (gateway: (typeof mesh.gateways)[number]) =>
      (gateway.fields.spec?.servers ?? []).map(({ tls }) => (tls === undefined ? undefined : certificate(tls)));
    each(mesh.gateways, (gateway) => {
      for (const used of new Set(servers(gateway))) {
        if (used !== undefined) {
          users.set(used, [...(users.get(used) ?? []), gateway]);
        }
      }
    });
    each(mesh.gateways, (gateway) => {
      servers(gateway).forEach((used, i) => {
        const others =
          used === undefined
            ? []
            : (users.get(used) ?? []).filter(
                (other) =>
                  other !== gateway && selects(gateway.fields.spec?.selector, other.fields.spec?.selector ?? {}),
              );
        if (others.length > 0) {
          report(gateway, {
            field: `spec.servers[${i}].tls`,
            message: `The certificate ${used} is also that of ${others.map(fullName).join(", ")}: clients that reuse a connection get 404.`,
            fix: "Merge the servers that share it into one Gateway.",
          });
        }
      });
    });
  },
});

export const gatewayCredentialValid = rule({
  name: "gateway-credential-valid",
  description:
    "The Secret that a Gateway's server names is in the gateway workload's namespace and holds a valid certificate.",
  rationale: "The server does not come up without its certificate: clients see a reset connection.",
  fix: "Put a Secret with `tls.crt` and `tls.key` into the namespace of the gateway's pods.",
  codes: ["IST0101", "IST0161"],
  source: "IST0161",
  check({ mesh, each, report, missing }) {
    const secrets = mesh.of("Secret");
    each(mesh.gateways, (gateway) => {
      const [workload] = mesh.selectedBy(gateway.fields.spec?.selector);
      gateway.fields.spec?.servers?.forEach(({ tls }, i) => {
        const credential = tls?.credentialName;
        if (!credential || workload === undefined) {
          return;
        }
        const field = `spec.servers[${i}].tls.credentialName`;
        const slash = credential.indexOf("/");
        const namespace = slash < 0 ? workload.namespace : credential.slice(0, slash);
        const secret = mesh.find("Secret", "", namespace, credential.slice(slash + 1)) as
          Resource<"Secret"> | undefined;
        if (mesh.isSecretMade(namespace, credential.slice(slash + 1))) {
          return;
        }
        if (secret === undefined) {
          const name = credential.slice(slash + 1);
          const elsewhere = mesh.namespacesOfSecret(name);
          const where = elsewhere.length === 0 ? "" : `: it is in ${elsewhere.join(", ")}`;
          missing((secrets.length > 0 || elsewhere.length > 0) && !mesh.mayBeMade(namespace), gateway, {
            field,
            message: `The Secret ${credential} is not declared in namespace ${namespace}, where the gateway's pods are${where}.`,
            fix: `Declare it, or the Certificate that writes it, in ${namespace}.`,
          });
          return;
        }
        const wrong = flawOf(secret);
        if (wrong !== undefined) {
          report(gateway, {
            field,
            message: `The Secret ${credential} cannot serve: ${wrong}.`,
            fix: "Renew it.",
            code: "IST0161",
          });
        }
      });
    });
  },
});

export const gatewaySelectorEffective = rule({
  name: "gateway-selector-effective",
  description: "A policy for a gateway of the Gateway API names it with targetRefs, not by a selector.",
  rationale: "Istio ignores selectors for those gateways: the policy looks applied and is not.",
  fix: "Replace `selector` with `targetRefs`.",
  codes: ["IST0166"],
  check({ mesh, each, report }) {
    each(targetingPolicies(mesh), (policy) => {
      const { selector } = policy.fields.spec ?? {};
      if (selector === undefined || targetReferences(policy).length > 0) {
        return;
      }
      const pod = mesh
        .selectedBy(selector.matchLabels, policy.namespace)
        .find(({ labels }) => labels[gatewayNameLabel] !== undefined);
      if (pod !== undefined) {
        const name = pod.labels[gatewayNameLabel];
        report(policy, {
          field: "spec.selector",
          message: `The selector takes pods of the gateway ${name}, for which Istio ignores selectors.`,
          fix: `Use targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: ${name}}].`,
        });
      }
    });
  },
});
