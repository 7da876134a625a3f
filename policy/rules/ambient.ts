/** Ambient mode: what only a waypoint can do. */
import { fqdn } from "../mesh/hosts";
import { isIstioComponent, simulateInjection } from "../mesh/injection";
import type { Mesh } from "../mesh/mesh";
import { targetingPolicies, targetReferences } from "../mesh/policies";
import { keyed, title, type Resource } from "../mesh/resource";
import { appliesToMesh, meshGateway } from "../mesh/routes";
import {
  findWaypoint,
  isServedInAmbient,
  serviceWaypoint,
  takesServices,
  waypointLabel,
  waypointOf,
} from "../mesh/waypoints";
import { rule, type Context } from "../rule";

/** Whether some pods have sidecars: as clients they follow routes themselves. */
function hasSidecars({ mesh, settings }: Pick<Context, "mesh" | "settings">): boolean {
  return mesh.workloads.some(
    (workload) => !isIstioComponent(workload) && simulateInjection(mesh, workload, settings).injected === true,
  );
}

/** Why no waypoint applies the routes of a Service; undefined where one does, or where sidecars may. */
function withoutWaypoint(
  { mesh, settings }: Pick<Context, "mesh" | "settings">,
  service: Resource,
): string | undefined {
  return isServedInAmbient(mesh, service, settings) ? serviceGap(mesh, service) : undefined;
}

/** Why no waypoint takes what is sent to a Service; undefined where one does. */
function serviceGap(mesh: Mesh, service: Resource): string | undefined {
  const reference = serviceWaypoint(mesh, service);
  const waypoint = reference && findWaypoint(mesh, reference);
  return reference === undefined
    ? "has no waypoint"
    : takesServices(waypoint)
      ? undefined
      : `has the waypoint ${reference.name}, which takes traffic for workloads only`;
}

const useWaypoint = `Deploy a waypoint (istioctl waypoint apply) and label the Service or its namespace ${waypointLabel}: its name, for services.`;

export const ambientRouteHasWaypoint = rule({
  name: "ambient-route-has-waypoint",
  description: "A route for a Service in ambient mode is for one with a waypoint.",
  rationale:
    "ztunnel carries connections and reads no HTTP: matches, weights, retries, timeouts, faults and rewrites of a route are applied by the " +
    "Service's waypoint. Without one they are not there, and no message says so.",
  fix: `Label the Service or its namespace \`${waypointLabel}\`.`,
  source: "ambient/usage/l7-features/",
  check(context) {
    const { mesh, each, report } = context;
    const tell = (route: Resource, field: string, service: Resource, reason: string, gateway: boolean): void =>
      report(route, {
        field,
        message: `${title(service)} is in ambient mode and ${reason}: ztunnel does not apply the route.`,
        fix: useWaypoint,
        // Clients with sidecars apply it themselves, and so does a gateway that it names.
        certain: !gateway && !hasSidecars(context),
      });
    each(mesh.virtualServices, (route) => {
      const { hosts = [], gateways = [], http = [] } = route.fields.spec ?? {};
      if (!appliesToMesh(route)) {
        return;
      }
      const at = http.findIndex(({ match = [] }) =>
        match.every(({ gateways: own = [] }) => own.length === 0 || own.includes(meshGateway)),
      );
      for (const host of at < 0 ? [] : hosts) {
        const service = mesh.host(host, route.namespace)?.resource;
        const reason = service && withoutWaypoint(context, service);
        if (reason !== undefined) {
          tell(route, `spec.http[${at}]`, service!, reason, gateways.length > 1);
          return;
        }
      }
    });
    each(mesh.of("GatewayRoute"), (route) => {
      route.fields.spec?.parentRefs?.forEach(({ kind, name = "", namespace = route.namespace }, i) => {
        const service = kind === "Service" ? mesh.host(fqdn(name, namespace), route.namespace)?.resource : undefined;
        const reason = service && withoutWaypoint(context, service);
        if (reason !== undefined) {
          tell(route, `spec.parentRefs[${i}]`, service!, reason, false);
        }
      });
    });
  },
});

export const servicePolicyHasWaypoint = rule({
  name: "service-policy-has-waypoint",
  description: "A policy whose targetRefs name a Service or ServiceEntry is for one with a waypoint.",
  rationale:
    "Only waypoints enforce policies for Services: neither ztunnel nor a sidecar reads them. Without a waypoint the policy protects nothing.",
  fix: "Label the Service or its namespace with its waypoint; with sidecars select the pods instead.",
  source: "ambient/usage/waypoint/",
  check({ mesh, each, report }) {
    each(targetingPolicies(mesh), (policy) => {
      for (const { reference, field } of targetReferences(policy)) {
        const { kind = "", group = "", name = "" } = reference;
        const of = ["Service", "ServiceEntry"].includes(kind) ? policy.namespace : undefined;
        const service = of === undefined ? undefined : mesh.find(kind, group, of, name);
        const reason = service && serviceGap(mesh, service);
        if (reason !== undefined) {
          report(policy, {
            field,
            message: `${title(service!)} ${reason}, and nothing else enforces a policy that refers to a ${kind}.`,
            fix: `${useWaypoint} Or select the pods of a mesh with sidecars by their labels.`,
            certain: mesh.namespace(service!.namespace) !== undefined,
          });
        }
      }
    });
  },
});

export const waypointExists = rule({
  name: "waypoint-exists",
  description: `The label ${waypointLabel} names a declared Gateway of the class istio-waypoint.`,
  rationale:
    "A label that names no waypoint changes nothing: traffic goes past all routes and policies that the waypoint was to apply.",
  fix: `Correct the name, or add \`istio.io/use-waypoint-namespace\` where the waypoint is in another namespace.`,
  source: "ambient/usage/waypoint/",
  check({ mesh, each, report, missing }) {
    const gateways = mesh.of("KubernetesGateway");
    each([...mesh.namespaces, ...mesh.services, ...mesh.serviceEntries], (resource: Resource) => {
      const reference = waypointOf(resource, resource.kind === "Namespace" ? resource.name : resource.namespace);
      if (reference === undefined) {
        return;
      }
      const { namespace, name } = reference;
      const field = keyed("metadata.labels", waypointLabel);
      const found = findWaypoint(mesh, reference) as Resource<"KubernetesGateway"> | undefined;
      if (found === undefined) {
        const elsewhere = gateways.find((one) => one.name === name);
        missing(gateways.length > 0 && !mesh.mayBeMade(namespace), resource, {
          field,
          message: `The waypoint ${namespace}/${name} is not declared.`,
          fix:
            elsewhere === undefined
              ? "Correct the name, or declare a Gateway of the class istio-waypoint."
              : `Add istio.io/use-waypoint-namespace: ${elsewhere.namespace}.`,
        });
      } else if (/^istio(-remote)?$/.test(found.fields.spec?.gatewayClassName ?? "")) {
        report(resource, {
          field,
          message: `The Gateway ${namespace}/${name} is of the class ${found.fields.spec?.gatewayClassName}: it is no waypoint.`,
          fix: "Name a Gateway of the class istio-waypoint.",
        });
      }
    });
  },
});
