/** Ports of Services: their protocol, and where they lead. */
import { injectLabel, managedLabel } from "../mesh/names";
import { isIstioComponent, isIstioService, simulateInjection } from "../mesh/injection";
import { containersOf, isGateway, type Mesh, type Workload } from "../mesh/mesh";
import { declaredProtocol, isHttp, serverFirst, type NamedPort } from "../mesh/protocols";
import type { Resource } from "../mesh/resource";
import { eachOf, eachWorkload, type Context, rule } from "../rule";

/** Goes through the ports of the Services that users declare. */
function eachPort(
  mesh: Mesh,
  each: Context["each"],
  check: (
    service: Resource<"Service">,
    port: NonNullable<NonNullable<Resource<"Service">["fields"]["spec"]>["ports"]>[number],
    field: string,
  ) => void,
): void {
  each(mesh.services, (service) => {
    if (!isIstioService(mesh, service) && service.labels[managedLabel] === undefined) {
      service.fields.spec?.ports?.forEach((port, i) => check(service, port, `spec.ports[${i}]`));
    }
  });
}

/** Protocols that are not HTTP by their usual port: what Istio calls them, or `tcp` where it has no name for them. */
const usualProtocols: ReadonlyMap<number, string> = new Map([
  ...[...serverFirst].map(([port, name]): [number, string] => [port, `tcp-${name.toLowerCase()}`]),
  [443, "https"],
  [6443, "https"],
  [8443, "https"],
  [3306, "mysql"],
  [6379, "redis"],
  [27017, "mongo"],
  [53, "tcp-dns"],
  [1433, "tcp-mssql"],
  [1521, "tcp-oracle"],
  [1883, "tcp-mqtt"],
  [2181, "tcp-zookeeper"],
  [2379, "grpc-etcd"],
  [4222, "tcp-nats"],
  [4317, "grpc-otlp"],
  [5671, "tls-amqp"],
  [5672, "tcp-amqp"],
  [8883, "tls-mqtt"],
  [9042, "tcp-cql"],
  [9092, "tcp-kafka"],
  [9093, "tls-kafka"],
  [11211, "tcp-memcached"],
  [61616, "tcp-openwire"],
]);
const httpPorts = new Set([80, 3000, 4318, 5000, 8000, 8080, 8081, 8888, 9090]);

/** How a port declares its protocol: by what usually speaks there, never by a guess that would break it. */
function protocolAdvice({
  name,
  port = 0,
  targetPort,
  appProtocol,
}: NamedPort & { targetPort?: number | string }): string {
  const usual = usualProtocols.get(port) ?? usualProtocols.get(Number(targetPort));
  const http = httpPorts.has(port) || /(^|-)(http|web|rest|api|ui|metrics)/i.test(name ?? "");
  if (appProtocol !== undefined) {
    return "appProtocol wins over the name: correct it (http, http2, https, grpc, tls, tcp, mongo, mysql, redis), or remove it and name the port so.";
  }
  if (usual !== undefined) {
    const plain = usual.startsWith("tcp-") || usual.includes("-") ? "" : ` or tcp-${usual}`;
    return `If it speaks what port ${port} is used for, name it ${usual}${plain}; else name it tcp-, http- or grpc-, as what it speaks.`;
  }
  return http
    ? `Name it http-${name ?? port} if it speaks HTTP (grpc-, tcp-, ... otherwise), or set appProtocol.`
    : `Name it <protocol>-${name ?? port} with the protocol that it speaks (http, grpc, tcp, ...), or set appProtocol.`;
}

export const portProtocolDeclared = rule({
  name: "port-protocol-declared",
  description: "A Service's port says its protocol: by appProtocol, or by a name such as `http` or `grpc-api`.",
  rationale:
    "Without it Istio guesses from the first bytes. Where it guesses wrong, HTTP routing, retries, metrics and " +
    "authorization by path stop working, and protocols in which the server speaks first hang.",
  fix: "Name the port `<protocol>` or `<protocol>-<suffix>`, or set `appProtocol`.",
  codes: ["IST0118", "KIA0601"],
  check({ mesh, each, report }) {
    eachPort(mesh, each, (service, port, field) => {
      if (service.fields.spec?.type !== "ExternalName" && declaredProtocol(port) === undefined) {
        const name = port.name === undefined ? "has no name" : `is named ${port.name}, which names no protocol`;
        const app =
          port.appProtocol === undefined ? "" : ` and its appProtocol ${port.appProtocol} is none that Istio knows`;
        report(service, {
          field:
            port.appProtocol !== undefined ? `${field}.appProtocol` : port.name === undefined ? field : `${field}.name`,
          message: `Port ${port.port} ${name}${app}, so Istio has to guess its protocol.`,
          fix: protocolAdvice(port),
        });
      }
    });
  },
});

export const externalNamePort = rule({
  name: "external-name-port",
  description: "A port of an ExternalName Service names a protocol other than plain TCP.",
  rationale:
    "An ExternalName Service has no address. A TCP port of one, or a port of no protocol, opens a listener for all " +
    "addresses, which takes traffic of other services on that port.",
  fix: "Name the port after its protocol (`http`, `https`, `tls`), or `tcp-<suffix>` where it has to be TCP.",
  codes: ["IST0150"],
  check({ mesh, each, report }) {
    eachPort(mesh, each, (service, port, field) => {
      if (
        service.fields.spec?.type === "ExternalName" &&
        (declaredProtocol(port) === undefined || port.name === "tcp")
      ) {
        report(service, {
          field: port.name === undefined ? field : `${field}.name`,
          message: `Port ${port.port} of this ExternalName Service ${port.name === undefined ? "has no name" : `is named ${port.name}`}, so it takes other services' traffic on that port.`,
          fix: "Name it http, https or tls, as what it serves.",
        });
      }
    });
  },
});

export const serverFirstExplicitTcp = rule({
  name: "server-first-explicit-tcp",
  description: "A port of a protocol in which the server speaks first is declared as TCP, or as that protocol.",
  rationale:
    "Guessing a protocol means waiting for the client's first bytes. Where the server speaks first, both wait.",
  fix: "Name the port `tcp-<name>`, or `mysql`, `mongo`, `redis`.",
  level: "advisory",
  source: "ops/configuration/traffic-management/protocol-selection/",
  check({ mesh, each, report }) {
    eachPort(mesh, each, (service, port, field) => {
      const first = serverFirst.get(port.port ?? 0);
      const said = port.appProtocol ?? port.name ?? "";
      const protocol = said === "" ? undefined : declaredProtocol({ ...port, port: 0 });
      if (first !== undefined && (protocol === undefined || isHttp(protocol)) && port.protocol !== "UDP") {
        report(service, {
          field: port.name === undefined ? field : `${field}.name`,
          message: `Port ${port.port} is ${first}'s, in which the server speaks first, but it is ${protocol === undefined ? "not declared as TCP" : `declared as ${protocol}`}.`,
          fix: `Name it tcp-${first.toLowerCase()}.`,
        });
      }
    });
  },
});

const waypoint = "istio.io-mesh-controller";

export const oneProtocolPerPort = rule({
  name: "one-protocol-per-port",
  description: "Services that select the same pods agree about each port's protocol and target.",
  rationale:
    "A sidecar has one listener for a port of its pod. Two Services that call one port TCP and UDP, or that reach one " +
    "target port under different numbers, leave it to chance which of them is right.",
  fix: "Give the Services the same protocol for a port and the same port for a target, or select different pods.",
  codes: ["IST0116", "IST0137", "KIA0602"],
  check: eachWorkload((workload, { mesh, settings, report }) => {
    const { resource } = workload;
    const services = mesh.servicesOf(workload);
    if (services.length === 0 || resource.shape === "Pod" || resource.labels[managedLabel] === waypoint) {
      return;
    }
    const protocols = new Map<number, Map<string, string[]>>();
    const targets = new Map<string, Map<number, string>>();
    for (const service of services) {
      for (const { port = 0, protocol = "TCP", targetPort } of service.fields.spec?.ports ?? []) {
        const byProtocol = protocols.get(port) ?? new Map<string, string[]>();
        byProtocol.set(protocol, [...(byProtocol.get(protocol) ?? []), service.name]);
        protocols.set(port, byProtocol);
        const target = String(targetPort === undefined || targetPort === 0 || targetPort === "" ? port : targetPort);
        targets.set(target, (targets.get(target) ?? new Map<number, string>()).set(port, service.name));
      }
    }
    const conflicts = [...protocols].filter(([, { size }]) => size > 1);
    const doubles = [...targets].filter(([, { size }]) => size > 1);
    // Pods that ask for a sidecar but do not get it are to be in the mesh all the same.
    const asks = [workload.labels, workload.annotations].some((map) => map[injectLabel] === "true");
    if (
      conflicts.length + doubles.length === 0 ||
      !(asks || simulateInjection(mesh, workload, settings).injected === true)
    ) {
      return;
    }
    for (const [port, byProtocol] of conflicts) {
      const uses = [...byProtocol].map(([protocol, names]) => `${names.join(", ")} (${protocol})`).join(" and ");
      report(resource, {
        field: "metadata.name",
        message: `Services that select its pods use port ${port} with different protocols: ${uses}.`,
        fix: "Give the port one protocol, or one of the Services another port.",
      });
    }
    for (const [target, ports] of doubles) {
      const uses = [...ports].map(([port, name]) => `${name} (${port})`).join(" and ");
      report(resource, {
        field: "metadata.name",
        message: `Services that select its pods reach target port ${target} under different ports: ${uses}.`,
        fix: "Use the same port in both, or let the application listen on one port for each.",
        code: "IST0137",
      });
    }
  }),
});

/**
 * Whether a workload's arguments, environment or a configuration beside it speak of a port: then it may well listen.
 */
function mentions(mesh: Mesh, workloads: readonly Workload[], port: number): boolean {
  const number = new RegExp(`(?<![\\d.])${port}(?!\\d)`);
  const said = workloads.flatMap((workload) =>
    containersOf(workload).flatMap(({ container }) => [container.command, container.args, container.env]),
  );
  const configured = mesh
    .of("ConfigMap")
    .filter((map) => workloads.some(({ namespace }) => namespace === map.namespace));
  return (
    number.test(JSON.stringify(said)) || configured.some((map) => number.test(JSON.stringify(map.fields.data ?? {})))
  );
}

export const targetPortExists = rule({
  name: "target-port-exists",
  description: "A Service's target port is one that the containers of its pods declare.",
  rationale:
    "Calls to the Service end at a port where nothing listens: connection refused, or 503 through the sidecar.",
  fix: "Set `targetPort` to a port of the container, or declare the port there.",
  codes: ["KIA0701"],
  source: "https://kubernetes.io/docs/concepts/services-networking/service/",
  check: eachOf("Service", (service, { mesh, report }) => {
    // A pod that declares no ports at all may listen on any.
    const behind = mesh
      .behind(service)
      // A gateway's proxy listens where Gateways say.
      .filter((workload) => !isGateway(workload) && workload.resource.installedBy === undefined);
    const workloads = behind
      .map((workload) => containersOf(workload).flatMap(({ container }) => container.ports ?? []))
      .filter((ports) => ports.length > 0);
    if (workloads.length === 0) {
      return;
    }
    service.fields.spec?.ports?.forEach(({ port, targetPort, protocol = "TCP" }, i) => {
      const target = targetPort === undefined || targetPort === 0 ? port : targetPort;
      const opens = workloads.some((ports) =>
        ports.some(
          (one) =>
            (one.protocol ?? "TCP") === protocol &&
            (typeof target === "string" && !/^\d+$/.test(target)
              ? one.name === target
              : one.containerPort === Number(target)),
        ),
      );
      if (!opens && !(Number(target) > 0 && mentions(mesh, behind, Number(target)))) {
        const declared = [
          ...new Set(
            workloads
              .flat()
              .map((one) => (one.name === undefined ? one.containerPort : `${one.name} (${one.containerPort})`)),
          ),
        ];
        report(service, {
          field: targetPort === undefined ? `spec.ports[${i}].port` : `spec.ports[${i}].targetPort`,
          message: `Port ${port} leads to ${protocol} port ${target}, which no container of the pods that it selects declares.`,
          fix: `Use one that they declare: ${declared.join(", ")}.`,
          // A port is reached whether or not it is declared, but a name has to stand for one.
          certain: !(Number(target) > 0),
        });
      }
    });
  }),
});

const names = ["app", "app.kubernetes.io/name", "service.istio.io/canonical-name"];
const versions = ["version", "app.kubernetes.io/version", "service.istio.io/canonical-revision"];

export const canonicalLabels = rule({
  name: "canonical-labels",
  description: "The pods of a workload in the mesh are labelled with app and version.",
  rationale:
    "Metrics, traces and the topology view name workloads by these labels; without them they show up as unknown.",
  fix: "Add the labels `app` and `version` to the pod template.",
  level: "advisory",
  source: "ops/deployment/application-requirements/",
  check: eachWorkload((workload, { mesh, settings, report }) => {
    const { resource, labels, prefix } = workload;
    if (workload.assumed || resource.shape === "Pod" || resource.kind === "Job" || resource.kind === "CronJob") {
      return;
    }
    const lacking = [
      ...(names.some((label) => labels[label]) ? [] : ["app"]),
      ...(versions.some((label) => labels[label]) ? [] : ["version"]),
    ];
    if (
      lacking.length > 0 &&
      !isIstioComponent(workload) &&
      simulateInjection(mesh, workload, settings).injected === true
    ) {
      report(resource, {
        field: `${prefix}metadata.labels`,
        message: `Its pods lack the label ${lacking.join(" and ")}, by which metrics and traces identify workloads.`,
        fix: `Add ${lacking.join(" and ")}.`,
      });
    }
  }),
});
