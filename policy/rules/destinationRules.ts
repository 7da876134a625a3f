/** DestinationRules: which pods a subset has, and how connections to a host are made. */
import { fqdn, isMultiCluster, serviceOf } from "../mesh/hosts";
import { isIstioService } from "../mesh/injection";
import type { Host, Mesh, Workload } from "../mesh/mesh";
import { declaredProtocol, isTls } from "../mesh/protocols";
import { type Resource } from "../mesh/resource";
import { gatewayApiGroup } from "../mesh/names";
import { allRoutes, destinationsOf, namesPods } from "../mesh/routes";
import { type AnyRoute } from "../mesh/routes";
import { matchesGlob, selects } from "../mesh/selectors";
import { eachOf, rule } from "../rule";

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
