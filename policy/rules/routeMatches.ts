/** Matches of VirtualServices and HTTPRoutes: which requests a rule takes. */
import { fullName, type Resource } from "../mesh/resource";
import { bindingsOf, gatewayRules } from "../mesh/routes";
import { eachOf, type Context, rule } from "../rule";

type Route = Resource<"VirtualService">;

interface Match {
  uri?: { prefix?: string };
  port?: number;
  method?: object;
  authority?: object;
  headers?: unknown;
  queryParams?: unknown;
  withoutHeaders?: unknown;
  name?: string;
}
interface Rule {
  name?: string;
  match?: Match[];
}

/** The same text for the same match, in whatever order its keys were written; a match's name does not count. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => {
    if (key === "name" || typeof part !== "object" || part === null || Array.isArray(part)) {
      return key === "name" ? undefined : part;
    }
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function textOf(match: object | undefined, fallback = ""): string {
  const { exact, prefix } = (match ?? {}) as { exact?: string; prefix?: string };
  return exact ? `exact ${exact}` : prefix ? `prefix ${prefix}` : fallback;
}

/** Whether every entry of one map of matches is met by the other's: the same keys, and values no narrower. */
function mapCovers(a: unknown, b: unknown): boolean {
  const first = (a ?? {}) as Record<string, object>;
  const second = (b ?? {}) as Record<string, object>;
  return (
    Object.keys(first).length === Object.keys(second).length &&
    Object.entries(first).every(([key, value]) => key in second && textOf(value).startsWith(textOf(second[key])))
  );
}

/** Whether a match with a URI prefix takes all that a later one with a longer prefix would. */
function covers(a: Match, b: Match): boolean {
  return (
    b.uri!.prefix!.startsWith(a.uri!.prefix!) &&
    (a.port ?? 0) === (b.port ?? 0) &&
    textOf(a.method, "exact GET").startsWith(textOf(b.method, "exact GET")) &&
    textOf(a.authority).startsWith(textOf(b.authority)) &&
    mapCovers(a.headers, b.headers) &&
    mapCovers(a.queryParams, b.queryParams) &&
    mapCovers(a.withoutHeaders, b.withoutHeaders)
  );
}

function checkRoutes(report: Context["report"], service: Resource, protocol: string, routes: readonly Rule[]): void {
  const nameOf = (i: number): string => routes[i]?.name ?? `#${i}`;
  const seen = new Map<string, number>();
  const prefixes: { match: Match; at: number; field: string }[] = [];
  let open = -1;
  const dead = (i: number, reason: string): void =>
    report(service, {
      field: `spec.${protocol}[${i}]`,
      message: `The rule ${nameOf(i)} is never used: ${reason}.`,
      fix: "Remove it, or move it up.",
    });
  const ineffective = (field: string, message: string): void =>
    report(service, { field, message, fix: "Remove the match, or move the narrower one up.", code: "IST0131" });
  routes.forEach(({ match = [] }, i) => {
    if (match.length === 0) {
      if (open >= 0) {
        dead(i, `rule ${nameOf(open)} before it matches everything`);
      }
      open = i;
      return;
    }
    let doubles = 0;
    match.forEach((one, j) => {
      const field = `spec.${protocol}[${i}].match[${j}]`;
      if (open >= 0) {
        dead(i, `rule ${nameOf(open)} before it matches everything`);
        return;
      }
      const key = canonical(one);
      const before = seen.get(key);
      if (before !== undefined) {
        ineffective(field, `The match is the same as one of rule ${nameOf(before)}, which is asked first.`);
        doubles++;
        return;
      }
      seen.set(key, i);
      if (one.uri?.prefix) {
        prefixes.push({ match: one, at: i, field });
      }
    });
    if (doubles === match.length) {
      dead(i, "rules before it take all that it matches");
    }
  });
  prefixes.forEach(({ match, at }, i) => {
    for (const later of prefixes.slice(i + 1)) {
      if (later.match.uri!.prefix !== match.uri!.prefix && covers(match, later.match)) {
        ineffective(
          later.field,
          `The prefix ${later.match.uri!.prefix} is never asked for: rule ${nameOf(at)} takes ${match.uri!.prefix} before it.`,
        );
      }
    }
  });
}

export const unreachableRoute = rule({
  name: "unreachable-route",
  description: "Every rule of a VirtualService can apply: none before it takes all that it matches.",
  rationale: "Rules are asked in order and the first that matches is used; what comes after it is dead.",
  fix: "Order the rules from narrow to wide, and remove duplicates.",
  level: "advisory",
  codes: ["IST0130", "IST0131"],
  check: eachOf("VirtualService", (service, { report }) => {
    for (const protocol of ["http", "tls", "tcp"] as const) {
      checkRoutes(report, service, protocol, service.fields.spec?.[protocol] ?? []);
    }
  }),
});

export const uriMatchLiteral = rule({
  name: "uri-match-literal",
  description: "Prefixes and exact values of a match contain no wildcard or regular expression.",
  rationale:
    "A prefix and an exact value are compared letter by letter: a star matches only a star, so the rule never applies.",
  fix: "Leave the star out of the prefix, or use `regex`.",
  source: "reference/config/networking/virtual-service/",
  check({ mesh, each, report }) {
    const pattern = /\*|\.\+|\\[dw]|\[[^\]]+\][*+]|^\^|\$$|\([^)]*\|/;
    each(mesh.virtualServices, (route) => {
      route.fields.spec?.http?.forEach(({ match = [] }, i) =>
        match.forEach((one, j) => {
          for (const key of ["uri", "authority"] as const) {
            for (const how of ["prefix", "exact"] as const) {
              const value = one[key]?.[how];
              if (value === undefined || !pattern.test(value)) {
                continue;
              }
              const plain = value.replace(/[*.]*\*$/, "");
              report(route, {
                field: `spec.http[${i}].match[${j}].${key}.${how}`,
                message: `${how === "prefix" ? "A prefix" : "An exact value"} knows no wildcards: ${value} matches only what is written so.`,
                fix:
                  how === "prefix" && !pattern.test(plain)
                    ? `Write prefix: ${plain || "/"}.`
                    : "Use regex, or several matches.",
              });
            }
          }
        }),
      );
    });
    each(mesh.of("GatewayRoute"), (route) => {
      const rules = (route.fields.spec?.rules ?? []) as { matches?: { path?: { type?: string; value?: string } }[] }[];
      rules.forEach(({ matches = [] }, i) =>
        matches.forEach(({ path = {} }, j) => {
          const { type = "PathPrefix", value = "" } = path;
          if (type !== "RegularExpression" && pattern.test(value)) {
            report(route, {
              field: `spec.rules[${i}].matches[${j}].path.value`,
              message: `${type} knows no wildcards: ${value} matches only what is written so.`,
              fix: "Leave the wildcard out, or use type RegularExpression.",
            });
          }
        }),
      );
    });
  },
});

/** The literal prefix of paths that a match takes alone, where nothing else narrows it. */
function prefixOf(match: Match): string | undefined {
  const { uri, name: _, ...rest } = match as Match & { uri?: { prefix?: string; exact?: string }; gateways?: string[] };
  const narrowed = Object.keys(rest).some((key) => key !== "gateways" && key !== "ignoreUriCase");
  return narrowed ? undefined : uri?.prefix;
}

export const gatewayRoutesDisjoint = rule({
  name: "gateway-routes-disjoint",
  description: "Routes of one host at one gateway do not take each other's requests.",
  rationale:
    "A gateway merges the VirtualServices of a host in the order of their age. Where a prefix of one starts with a prefix of another, " +
    "which of them is asked first differs from cluster to cluster. Of HTTPRoutes the more specific match counts, and the older route " +
    "where two are the same.",
  fix: "Put both rules into one VirtualService, the longer prefix first, or use delegates; give HTTPRoutes different matches.",
  source: "ops/best-practices/traffic-management/",
  check({ mesh, each, report }) {
    interface Prefix {
      route: Route;
      prefix: string;
      field: string;
    }
    const byHost = new Map<string, Prefix[]>();
    each(mesh.virtualServices, (route) => {
      const { hosts = [], http = [] } = route.fields.spec ?? {};
      const prefixes = http.flatMap(({ match = [] }, i) =>
        match.flatMap((one, j): Prefix[] => {
          const prefix = prefixOf(one);
          return prefix === undefined ? [] : [{ route, prefix, field: `spec.http[${i}].match[${j}].uri.prefix` }];
        }),
      );
      for (const { gateway } of bindingsOf(mesh, route)) {
        for (const host of hosts) {
          const key = `${fullName(gateway)} ${host}`;
          byHost.set(key, [...(byHost.get(key) ?? []), ...prefixes]);
        }
      }
    });
    for (const [key, prefixes] of byHost) {
      const sorted = [...prefixes].sort((a, b) => (a.prefix < b.prefix ? -1 : a.prefix > b.prefix ? 1 : 0));
      const open: Prefix[] = [];
      for (const one of sorted) {
        while (open.length > 0 && !one.prefix.startsWith(open.at(-1)!.prefix)) {
          open.pop();
        }
        // The rule for everything always comes last.
        const over = open.find(({ route, prefix }) => route !== one.route && prefix !== "/" && prefix !== "");
        if (over !== undefined) {
          report(one.route, {
            field: one.field,
            message: `VirtualService ${fullName(over.route)} takes the prefix ${over.prefix} of the same host (${key.split(" ")[1]}) at the same gateway: which of the two is asked first depends on their age, and ${over.prefix} may take what is meant for ${one.prefix}.`,
            fix: "Put both rules into one VirtualService, the longer prefix first.",
          });
        }
        open.push(one);
      }
    }
    const seen = new Map<string, Resource>();
    each(mesh.of("GatewayRoute"), (route) => {
      for (const { key, field, text } of matchesAtGateways(route)) {
        const first = seen.get(key) ?? route;
        seen.set(key, first);
        if (first !== route) {
          report(route, {
            field,
            message: `${first.kind} ${fullName(first)} takes ${text} at the same gateway: only the older of the two is asked.`,
            fix: "Give each a match of its own.",
          });
        }
      }
    });
  },
});

/** What a route of the Gateway API takes at each of its gateways, the same text for the same requests. */
function matchesAtGateways(route: Resource<"GatewayRoute">): { key: string; field: string; text: string }[] {
  const { parentRefs = [], hostnames = ["*"] } = route.fields.spec ?? {};
  const parents = parentRefs.filter(({ kind = "Gateway" }) => kind === "Gateway");
  return parents.flatMap(({ name, namespace = route.namespace, sectionName, port }) =>
    hostnames.flatMap((hostname) =>
      gatewayRules(route).flatMap(({ matches }, i) =>
        (Array.isArray(matches) && matches.length > 0 ? (matches as PathMatch[]) : [{}]).map((match, j) => {
          const { type = "PathPrefix", value = "/" } = match.path ?? {};
          const at = [route.kind, namespace, name, sectionName, port, hostname].join(" ");
          return {
            key: `${at} ${canonical({ ...match, path: { type, value } })}`,
            field: matches === undefined ? `spec.rules[${i}]` : `spec.rules[${i}].matches[${j}]`,
            text: `the same requests (${hostname}, ${type} ${value})`,
          };
        }),
      ),
    ),
  );
}

interface PathMatch {
  path?: { type?: string; value?: string };
}
