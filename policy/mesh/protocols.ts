/** Ports: their protocols, where the pods of a workload listen, and by which Services they are reached. */
import { type Mesh, type Workload, containersOf } from "./mesh";
import type { Resource } from "./resource";

/** A port of a Service, as it leads to a workload. */
export interface ServedPort {
  service: Resource<"Service">;
  /** The Service's port. */
  port: number;
  /** The port of the container; undefined for a name that no container has. */
  target: number | undefined;
  /** The protocol that the Service declares; undefined where Istio detects it. */
  protocol: string | undefined;
}

/** The ports that the containers of a workload declare. */
export function containerPorts(workload: Workload): number[] {
  return containersOf(workload).flatMap(({ container }) =>
    (container.ports ?? []).flatMap(({ containerPort }) => containerPort ?? []),
  );
}

/** The number of a container's port that is named, or given as a number. */
export function portNumber(workload: Workload, port: number | string | undefined): number | undefined {
  if (typeof port === "number" || port === undefined) {
    return port;
  }
  if (/^\d+$/.test(port)) {
    return Number(port);
  }
  return containersOf(workload)
    .flatMap(({ container }) => container.ports ?? [])
    .find(({ name }) => name === port)?.containerPort;
}

/** The ports of Services that lead to a workload. */
export function servedPorts(mesh: Mesh, workload: Workload): readonly ServedPort[] {
  const known = mesh.once("served ports", () => new Map<Workload, readonly ServedPort[]>());
  const served = known.get(workload) ?? findServedPorts(mesh, workload);
  known.set(workload, served);
  return served;
}

function findServedPorts(mesh: Mesh, workload: Workload): readonly ServedPort[] {
  return mesh.servicesOf(workload).flatMap((service) =>
    (service.fields.spec?.ports ?? []).map((port) => ({
      service,
      port: port.port ?? 0,
      target:
        portNumber(workload, port.targetPort === 0 || port.targetPort === "" ? undefined : port.targetPort) ??
        (port.targetPort ? undefined : port.port),
      protocol: declaredProtocol(port),
    })),
  );
}

/** Whether HTTP rules never apply to a port: it is declared as something else than HTTP, and nothing is detected. */
export function neverHttp(protocol: string | undefined): boolean {
  return protocol !== undefined && !isHttp(protocol);
}

/** Whether inbound traffic to a port goes past the proxy, by the annotations of the pod. */
export function isExcluded({ annotations }: Workload, port: number): boolean {
  const list = (name: string): string[] | undefined =>
    annotations[`traffic.sidecar.istio.io/${name}`]?.split(",").map((item) => item.trim());
  const included = list("includeInboundPorts") ?? ["*"];
  return (
    annotations["sidecar.istio.io/interceptionMode"] === "NONE" ||
    (list("excludeInboundPorts") ?? []).includes(String(port)) ||
    !(included.includes("*") || included.includes(String(port)))
  );
}

const protocols = new Set([
  "tcp",
  "udp",
  "grpc",
  "grpc-web",
  "http",
  "http_proxy",
  "http2",
  "https",
  "tls",
  "mongo",
  "redis",
  "mysql",
]);
const kubernetesProtocols: Record<string, string> = {
  "kubernetes.io/h2c": "http2",
  "kubernetes.io/ws": "http",
  "kubernetes.io/wss": "https",
};

/** Ports whose servers speak first: Istio takes them for TCP where nothing else is said. */
const wellKnownTcp = new Set([25, 53, 3306, 27017]);

/** Ports of protocols in which the server speaks first, so that sniffing the client's bytes would wait forever. */
export const serverFirst: ReadonlyMap<number, string> = new Map([
  [21, "FTP"],
  [25, "SMTP"],
  [110, "POP3"],
  [143, "IMAP"],
  [587, "SMTP"],
  [3306, "MySQL"],
  [5432, "PostgreSQL"],
  [27017, "MongoDB"],
]);

/** A protocol by its name, in any case; undefined where Istio has none of that name. */
export function protocolNamed(name: string | undefined): string | undefined {
  const lower = (name ?? "").toLowerCase();
  return protocols.has(lower) ? lower : undefined;
}

/** Whether gateways and routes treat a protocol as HTTP. */
export function isHttp(protocol: string | undefined): boolean {
  return protocol !== undefined && ["http", "http2", "http_proxy", "grpc", "grpc-web"].includes(protocol);
}

/** Whether connections of a protocol start with TLS. */
export function isTls(protocol: string | undefined): boolean {
  return protocol === "https" || protocol === "tls";
}

/** A port of a Service, as far as its protocol goes. */
export interface NamedPort {
  name?: string;
  port?: number;
  protocol?: string;
  appProtocol?: string;
}

/** The protocol that a port declares by its appProtocol, or else by its name; undefined where it declares none. */
export function declaredProtocol({ name, port, protocol, appProtocol }: NamedPort): string | undefined {
  if (protocol === "UDP") {
    return "udp";
  }
  const kubernetes = appProtocol === undefined ? undefined : kubernetesProtocols[appProtocol];
  if (kubernetes !== undefined) {
    return kubernetes;
  }
  const text = appProtocol ?? name ?? "";
  if (text.toLowerCase().startsWith("grpc-web")) {
    return "grpc-web";
  }
  return protocolNamed(text.split("-", 1)[0]) ?? (port !== undefined && wellKnownTcp.has(port) ? "tcp" : undefined);
}
