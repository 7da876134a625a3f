import type { LiveObject } from "../../cluster/kubeClient";
import type { DeclaredMesh, DeclaredService, Identity } from "../../stacks/declared";
import { accountOf, containersOf, isAlive, isReady, proxyOf } from "./objects";

/** A pod whose proxy sends requests to a service. */
export interface Caller {
  pod: LiveObject;
  /** The ingress gateway routes by path, a sidecar by host. */
  kind: "gateway" | "sidecar";
}

/** What is known of who calls. */
export interface CallerFacts {
  declared: Pick<DeclaredMesh, "namespaces" | "gateway">;
  /** Pods by namespace; those of a namespace that is not in it are not known. */
  pods: ReadonlyMap<string, readonly LiveObject[]>;
}

const isSame = (a: Identity, b: Identity) => a.namespace === b.namespace && a.serviceAccount === b.serviceAccount;

/** @returns the identity of the ingress gateway. */
function gatewayOf({ namespaces, gateway }: CallerFacts["declared"]): Identity {
  return { namespace: namespaces.gateway, serviceAccount: gateway.name };
}

/** A gateway's pod has its proxy alone. */
function isSidecarred(pod: LiveObject): boolean {
  return proxyOf(pod) !== undefined && containersOf(pod).length > 1;
}

/** @returns the namespaces of all callers of the services. */
export function callerNamespaces(services: readonly Pick<DeclaredService, "callers">[]): string[] {
  return [...new Set(services.flatMap(({ callers }) => callers.map(({ namespace }) => namespace)))];
}

/**
 * @returns a pod of the ingress gateway, if the service has a path there, and a pod with a sidecar, of a declared
 * caller of the services' own namespace if there is one: both route requests to the service, each by a configuration of
 * its own.
 */
export function callersOf({ callers }: Pick<DeclaredService, "callers">, { declared, pods }: CallerFacts): Caller[] {
  const podOf = (who: Identity, test: (pod: LiveObject) => boolean) =>
    pods.get(who.namespace)?.find((pod) => {
      return isAlive(pod) && isReady(pod) && accountOf(pod) === who.serviceAccount && test(pod);
    });
  const ingress = gatewayOf(declared);
  const gateway = callers.some((who) => isSame(who, ingress)) ? podOf(ingress, (pod) => !!proxyOf(pod)) : undefined;
  const near = ({ namespace }: Identity) => (namespace === declared.namespaces.mesh ? 0 : 1);
  const [sidecar] = callers
    .filter((who) => !isSame(who, ingress))
    .sort((a, b) => near(a) - near(b))
    .flatMap((who) => podOf(who, isSidecarred) ?? []);
  return [
    ...(gateway ? [{ pod: gateway, kind: "gateway" as const }] : []),
    ...(sidecar ? [{ pod: sidecar, kind: "sidecar" as const }] : []),
  ];
}
