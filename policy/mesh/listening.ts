/** Where the pods of a workload listen, and by which Services they are reached. */
import type { Mesh, Workload } from "./mesh";
import { containersOf } from "./mesh";
import { declaredProtocol, isHttp } from "./protocols";
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
