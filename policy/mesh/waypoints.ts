/** Waypoints: the proxies that read HTTP in ambient mode. */
import { gatewayApiGroup } from "./names";
import { isAmbient, simulateInjection, type InjectionOptions } from "./injection";
import type { Mesh } from "./mesh";
import type { Resource } from "./resource";

/** The label that gives a namespace, a Service or a pod its waypoint. */
export const waypointLabel = "istio.io/use-waypoint";
const waypointNamespaceLabel = "istio.io/use-waypoint-namespace";
/** The label of a waypoint that says what it takes traffic for. */
const purposeLabel = "istio.io/waypoint-for";
/** The value of the label that opts out of the waypoint of the namespace. */
const none = "none";

/** A waypoint that a label names, and the resource that has the label. */
export interface WaypointReference {
  on: Resource;
  namespace: string;
  name: string;
}

/** The waypoint that a resource's own label names. */
export function waypointOf(resource: Resource, namespace = resource.namespace): WaypointReference | undefined {
  const { labels } = resource;
  const name = labels[waypointLabel];
  return name === undefined || name === "" || name === none
    ? undefined
    : { on: resource, namespace: labels[waypointNamespaceLabel] ?? namespace, name };
}

/** The waypoint of a Service or ServiceEntry: that of its own label, or of its namespace's. */
export function serviceWaypoint(mesh: Mesh, service: Resource): WaypointReference | undefined {
  const namespace = service.labels[waypointLabel] === undefined ? mesh.namespace(service.namespace) : undefined;
  return waypointOf(service) ?? (namespace && waypointOf(namespace, namespace.name));
}

/** The declared Gateway that a reference to a waypoint names. */
export function findWaypoint(mesh: Mesh, reference: WaypointReference): Resource | undefined {
  return mesh.find("Gateway", gatewayApiGroup, reference.namespace, reference.name);
}

/** Whether a waypoint takes what is sent to Services: it does unless it is for something else. */
export function takesServices(waypoint: Resource | undefined): boolean {
  return ["service", "all"].includes(waypoint?.labels[purposeLabel] ?? "service");
}

/** Whether only ambient mode holds what is behind a Service or ServiceEntry, so that no sidecar there reads HTTP. */
export function isServedInAmbient(mesh: Mesh, service: Resource, options: InjectionOptions): boolean {
  const workloads = service.shape === "Service" ? mesh.behind(service as Resource<"Service">) : [];
  return workloads.length === 0
    ? isAmbient(mesh.namespace(service.namespace))
    : workloads.every(
        (workload) =>
          simulateInjection(mesh, workload, options).cause === "ambient" &&
          workload.labels[waypointLabel] === undefined,
      );
}
