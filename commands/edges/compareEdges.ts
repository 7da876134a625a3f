import { stringify } from "yaml";
import type { DeclaredMesh, DeclaredService, Identity } from "../../stacks/declared";
import { plainTable } from "../shared/plainTable";
import { unknownService } from "./usedEdges";
import type { UsedEdge } from "./usedEdges";

/** What decides who may call a service. */
export interface AccessRules {
  defaultDeny: boolean;
  services: readonly Pick<DeclaredService, "name" | "callers">[];
}

/** An edge, and the requests that were seen on it. */
export interface SeenEdge {
  /** Name of a service, `namespace/service-account`, or `plain text`. */
  caller: string;
  service: string;
  requests: number;
}

/** How declared edges compare with used ones. */
export interface EdgeComparison {
  /** Declared, and used. */
  used: SeenEdge[];
  /** Declared, and never used. */
  unused: SeenEdge[];
  /** Answered so far, and not declared: default deny refuses them. */
  undeclared: SeenEdge[];
  /** Not declared, and refused each time. */
  refused: SeenEdge[];
}

const isSame = (a: Identity, b?: Identity) => a.namespace === b?.namespace && a.serviceAccount === b.serviceAccount;

/** What a caller without an identity is called. */
const plainText = "plain text";

/** @returns the name of a caller as `allowFrom` takes it. @param mesh Namespace of the services. */
export function callerName(caller: Identity | undefined, services: AccessRules["services"], mesh: string): string {
  if (caller === undefined) {
    return plainText;
  }
  const { namespace, serviceAccount } = caller;
  const isService = namespace === mesh && services.some(({ name }) => name === serviceAccount);
  return isService ? serviceAccount : `${namespace}/${serviceAccount}`;
}

/**
 * @param services Names of the services of the configuration, and of those that run.
 * @returns the edges of these services: Prometheus remembers those of services that are gone, which nothing will
 * refuse.
 */
export function edgesOf(services: readonly string[], seen: readonly UsedEdge[]): UsedEdge[] {
  return seen.filter(({ service }) => service === unknownService || services.includes(service));
}

/**
 * @returns how what is declared compares with what was used, the busiest edges first.
 * @param mesh Namespace of the services.
 */
export function compareEdges(
  { services }: Pick<AccessRules, "services">,
  seen: readonly UsedEdge[],
  mesh: string,
): EdgeComparison {
  const declares = ({ service, caller }: UsedEdge) =>
    services.some(({ name, callers }) => name === service && callers.some((one) => isSame(one, caller)));
  const shown = (edges: readonly UsedEdge[]): SeenEdge[] =>
    edges
      .map(({ caller, service, answered, refused }) => ({
        caller: callerName(caller, services, mesh),
        service,
        requests: answered + refused,
      }))
      .sort((a, b) => b.requests - a.requests);
  const strangers = seen.filter((edge) => !declares(edge));
  const never = services.flatMap(({ name: service, callers }) =>
    callers
      .filter((caller) => !seen.some((edge) => edge.service === service && isSame(caller, edge.caller)))
      .map((caller) => ({ service, caller, answered: 0, refused: 0 })),
  );
  return {
    used: shown(seen.filter(declares)),
    unused: shown(never),
    undeclared: shown(strangers.filter(({ answered }) => answered > 0)),
    refused: shown(strangers.filter(({ answered }) => answered === 0)),
  };
}

/**
 * @param now What is in force; undefined where that is not known, so that what was answered counts as let in.
 * @returns the edges that were answered so far, and that a change to `next` breaks.
 */
export function brokenEdges(
  now: AccessRules | undefined,
  next: AccessRules & Pick<DeclaredMesh, "namespaces">,
  seen: readonly UsedEdge[],
): SeenEdge[] {
  const lets = ({ defaultDeny, services }: AccessRules, { service, caller }: UsedEdge) =>
    services.some(
      ({ name, callers }) => name === service && (!defaultDeny || callers.some((one) => isSame(one, caller))),
    );
  // A service that the change removes calls no more.
  const goes = (caller?: Identity) =>
    caller?.namespace === next.namespaces.mesh &&
    (now?.services ?? []).some(({ name }) => name === caller.serviceAccount) &&
    !next.services.some(({ name }) => name === caller.serviceAccount);
  return seen
    .filter((edge) => !goes(edge.caller) && edge.answered > 0 && (!now || lets(now, edge)) && !lets(next, edge))
    .map(({ caller, service, answered }) => ({
      caller: callerName(caller, [...(now?.services ?? []), ...next.services], next.namespaces.mesh),
      service,
      requests: answered,
    }));
}

/**
 * @param items Items of the key `services`, as written.
 * @returns the items with an `allowFrom` that has what is used, and no more; undefined where they have that already.
 * What was refused each time is not added: that is for a person to decide. Callers by `calls` and the gateway are not
 * in `allowFrom`.
 */
export function proposedItems(
  items: readonly Record<string, unknown>[],
  { unused, undeclared }: EdgeComparison,
  mesh: string,
): Record<string, unknown>[] | undefined {
  const written = (caller: string) =>
    caller.startsWith(`${mesh}/`) ? [caller, caller.slice(mesh.length + 1)] : [caller];
  let changes = false;
  const proposed = items.map((item) => {
    const own = (item.allowFrom ?? []) as string[];
    const isUnused = (entry: string) =>
      unused.some(({ service, caller }) => service === item.name && [caller, `${mesh}/${caller}`].includes(entry));
    const missing = undeclared
      .filter(({ service, caller }) => service === item.name && caller !== plainText)
      .filter(({ caller }) => !written(caller).some((one) => own.includes(one)))
      .map(({ caller }) => caller);
    const allowFrom = [...own.filter((entry) => !isUnused(entry)), ...missing];
    if (allowFrom.join() === own.join()) {
      return item;
    }
    changes = true;
    const { allowFrom: _, ...rest } = item;
    return allowFrom.length > 0 ? { ...rest, allowFrom } : rest;
  });
  return changes ? proposed : undefined;
}

/** @returns services as the YAML of a stack's file. @param key The key, with its namespace. */
export function servicesYaml(key: string, items: readonly Record<string, unknown>[]): string {
  return stringify({ config: { [key]: items } }, { lineWidth: 0 });
}

/** @returns the comparison as a table. @param refusing Whether default deny is on in the configuration. */
export function edgesText({ used, unused, undeclared, refused }: EdgeComparison, refusing: boolean): string[] {
  const rows = (edges: readonly SeenEdge[], what: string) =>
    edges.map(({ caller, service, requests }) => [caller, service, String(requests), what]);
  const all = [
    ...rows(undeclared, refusing ? "not declared: refused from the next npm start on" : "not declared"),
    ...rows(refused, "not declared, refused"),
    ...rows(unused, "declared, never used"),
    ...rows(used, "declared, used"),
  ];
  return plainTable([["caller", "service", "requests", ""], ...all], 2);
}
