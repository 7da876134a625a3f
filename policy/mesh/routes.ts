/** What the rules of a VirtualService lead to. */
import type { Resource } from "./resource";
import type { Fields } from "./shapes";

type Spec = NonNullable<Fields<"VirtualService">["spec"]>;
type HttpRoute = NonNullable<Spec["http"]>[number];
/** A destination of a route. */
export type Destination = NonNullable<NonNullable<HttpRoute["route"]>[number]["destination"]>;

/** A destination, with the field that holds it. */
export interface RouteDestination {
  destination: Destination;
  field: string;
  mirror: boolean;
  protocol: "http" | "tls" | "tcp";
}

/** Every destination of a VirtualService, mirrors included. */
export function destinationsOf(service: Resource<"VirtualService">): RouteDestination[] {
  const found: RouteDestination[] = [];
  const add = (
    destination: Destination | undefined,
    field: string,
    protocol: RouteDestination["protocol"],
    mirror = false,
  ): void => {
    if (destination !== undefined) {
      found.push({ destination, field, mirror, protocol });
    }
  };
  const { spec = {} } = service.fields;
  for (const protocol of ["http", "tls", "tcp"] as const) {
    (spec[protocol] ?? []).forEach(({ route }, i) =>
      route?.forEach(({ destination }, j) =>
        add(destination, `spec.${protocol}[${i}].route[${j}].destination`, protocol),
      ),
    );
  }
  spec.http?.forEach(({ mirror, mirrors }, i) => {
    add(mirror, `spec.http[${i}].mirror`, "http", true);
    mirrors?.forEach(({ destination }, j) =>
      add(destination, `spec.http[${i}].mirrors[${j}].destination`, "http", true),
    );
  });
  return found;
}

/** The name that stands for all sidecars in a list of gateways. */
export const meshGateway = "mesh";

/** Whether sidecars follow a VirtualService: it names no gateway, or the mesh itself among them. */
export function appliesToMesh(service: Resource<"VirtualService">): boolean {
  const gateways = service.fields.spec?.gateways ?? [];
  return gateways.length === 0 || gateways.includes(meshGateway);
}

/** Splits a reference to a gateway, `namespace/name` or a name of the same namespace. */
export function gatewayReference(reference: string, namespace: string): { namespace: string; name: string } {
  const slash = reference.indexOf("/");
  return slash < 0
    ? { namespace, name: reference }
    : { namespace: reference.slice(0, slash), name: reference.slice(slash + 1) };
}
