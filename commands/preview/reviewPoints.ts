import type { Change } from "./changes";

/** Kinds whose replacement or removal ends pods. */
const workloads = /:(Deployment|StatefulSet|DaemonSet)$/;

/** What a mesh's security is declared with: removed, it no longer holds. */
const guards = /:(PeerAuthentication|AuthorizationPolicy|NetworkPolicy|RequestAuthentication|Sidecar)$/;

/**
 * @returns what a reviewer should look at, worst first, as sentences: what ends pods, what opens a service, what
 * weakens mutual TLS or access, what changes the mesh itself. Pure.
 */
export function reviewPoints(changes: readonly Change[]): string[] {
  return [endsPods, weakensTls, widensAccess, opensService, changesMesh].flatMap((judge) => changes.flatMap(judge));
}

function endsPods({ op, type, title, forcing }: Change): string[] {
  if (!workloads.test(type)) {
    return op === "delete" && /:(Namespace|Service)$/.test(type)
      ? [`${title} is deleted; what calls it, or is in it, goes with it.`]
      : [];
  }
  if (op === "replace") {
    return [
      `${title} is replaced, because ${forcing.join(", ")} cannot be changed in place: its pods end before others run.`,
    ];
  }
  return op === "delete" ? [`${title} is deleted, and its pods with it.`] : [];
}

function weakensTls({ op, type, title, before, after }: Change): string[] {
  if (type.endsWith(":PeerAuthentication")) {
    const [was, is] = [at(before, "spec.mtls.mode"), at(after, "spec.mtls.mode")];
    return was === "STRICT" && is !== "STRICT"
      ? [
          `Mutual TLS is weakened: ${title} ${op === "delete" ? "is deleted" : `goes from STRICT to ${text(is)}`}, so plain text is accepted.`,
        ]
      : [];
  }
  if (type.endsWith(":DestinationRule")) {
    const [was, is] = [at(before, "spec.trafficPolicy.tls.mode"), at(after, "spec.trafficPolicy.tls.mode")];
    return was !== is && is !== undefined && is !== "ISTIO_MUTUAL"
      ? [`${title} sets the client's TLS mode to ${text(is)}: its requests leave without mutual TLS.`]
      : [];
  }
  return [];
}

function widensAccess({ op, type, title, fields, after }: Change): string[] {
  if (guards.test(type) && op === "delete" && !type.endsWith(":PeerAuthentication")) {
    return [`${title} is deleted: what it forbade is allowed, unless another one forbids it.`];
  }
  if (!type.endsWith(":AuthorizationPolicy") || op === "delete") {
    return [];
  }
  const does =
    { DENY: "denies", CUSTOM: "asks an external authorizer about" }[text(at(after, "spec.action"))] ?? "allows";
  const callers = JSON.stringify(at(after, "spec.rules") ?? []).match(/"cluster\.local\/ns\/[^"]*"/g) ?? [];
  return op === "create" || fields.some(({ path }) => path.startsWith("spec"))
    ? [
        `${title} ${op === "create" ? "is new" : "changes"}: it ${does} ${callers.length > 0 ? [...new Set(callers)].join(", ").replaceAll('"', "`") : "what its rules say"}.`,
      ]
    : [];
}

/** What a gateway's routes lead to is open to the gateway's clients. */
function opensService({ type, title, before, after }: Change): string[] {
  const ofGateway = [before, after].some((props) => Array.isArray(at(props, "spec.gateways")));
  if (!type.endsWith(":HTTPRoute") && !(type.endsWith(":VirtualService") && ofGateway)) {
    return [];
  }
  const [was, is] = [routesOf(before), routesOf(after)];
  const opened = is.filter((route) => !was.includes(route));
  const closed = was.filter((route) => !is.includes(route));
  return [
    ...(opened.length > 0 ? [`${title} opens at the gateway: ${opened.join(", ")}.`] : []),
    ...(closed.length > 0 ? [`${title} no longer leads from the gateway: ${closed.join(", ")}.`] : []),
  ];
}

/** @returns from which path a gateway's route leads to which service, each once. */
function routesOf(props: Record<string, unknown> | undefined): string[] {
  // A VirtualService has rules in `http`, an HTTPRoute in `rules`.
  const routes = [...list(at(props, "spec.http")), ...list(at(props, "spec.rules"))].flatMap((rule) => {
    const uris = [
      ...list(at(rule, "match")).map((match) => text(at(match, "uri.exact") ?? at(match, "uri.prefix") ?? "/")),
      ...list(at(rule, "matches")).map((match) => text(at(match, "path.value") ?? "/")),
    ];
    const paths = uris.length > 0 ? uris : ["/"];
    const hosts = [
      ...list(at(rule, "route")).map((route) => text(at(route, "destination.host"))),
      ...list(at(rule, "backendRefs")).map((backend) => text(at(backend, "name"))),
    ];
    return paths.flatMap((path) => hosts.map((host) => `\`${path.replace(/(.)\/$/, "$1")}\` to \`${host}\``));
  });
  return [...new Set(routes)];
}

function changesMesh({ op, type, title, fields }: Change): string[] {
  if (type.endsWith(":Release") && op !== "create") {
    const what = op === "delete" ? "is deleted" : `changes (${fields.map(({ path }) => path).join(", ")})`;
    return [`${title} ${what}: every proxy may be configured anew. docs/upgrade.md has the order of an upgrade.`];
  }
  const injection = fields.some(({ path }) => /istio-injection|istio\.io\/rev/.test(path));
  return type.endsWith(":Namespace") && injection
    ? [`${title} changes its injection label: new pods start with another sidecar, or none.`]
    : [];
}

function at(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((found, key) => (found as Record<string, unknown> | undefined)?.[key], value);
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? "nothing");
}
