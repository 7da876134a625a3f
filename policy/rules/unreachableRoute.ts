import type { Resource } from "../mesh/resource";
import type { Context } from "../rule";
import { rule } from "../rule";
import { analysis } from "../sources";

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
interface Route {
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

function checkRoutes(report: Context["report"], service: Resource, protocol: string, routes: readonly Route[]): void {
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

/** Every rule of a route can be reached. */
export const unreachableRoute = rule({
  name: "unreachable-route",
  description: "Every rule of a VirtualService can apply: none before it takes all that it matches.",
  rationale: "Rules are asked in order and the first that matches is used; what comes after it is dead.",
  fix: "Order the rules from narrow to wide, and remove duplicates.",
  level: "advisory",
  codes: ["IST0130", "IST0131"],
  source: analysis("IST0130"),
  check({ mesh, each, report }) {
    each(mesh.virtualServices, (service) => {
      for (const protocol of ["http", "tls", "tcp"] as const) {
        checkRoutes(report, service, protocol, service.fields.spec?.[protocol] ?? []);
      }
    });
  },
});
