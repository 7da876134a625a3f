import { z } from "zod";
import type { Notes } from "./configReader";
import { item } from "./schema";

/** What a unit of Kubernetes' amounts stands for. */
const units: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ "": 1, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
    ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 },
  }),
);

/** @returns the number that an amount such as `500m` or `1.5Gi` stands for, undefined if it is none. */
export function amountOf(value: unknown): number | undefined {
  const text = typeof value === "number" ? String(value) : value;
  const [, number, unit = ""] = (typeof text === "string" && /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(text)) || [];
  const factor = units.get(unit);
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}

/** @returns the schema of an amount whose text, with its unit, is like `pattern`. */
export function amount(pattern: RegExp, examples: string) {
  const isAmount = (v: unknown) => amountOf(v) !== undefined && pattern.test(String(v));
  return z.custom<string | number>(isAmount, `use an amount such as ${examples}`).transform(String);
}

// Memory in thousandths of a byte, or cores in mebi, is a slip of the unit.
const bytes = amount(/^[\d.]+([kMGT]i?|Ki)?$/, "64Mi or 1Gi").optional();

/** What a container can ask for by these keys. */
const amounts = item({
  cpu: amount(/^[\d.]+m?$/, "500m or 2").optional(),
  memory: bytes,
  "ephemeral-storage": bytes,
}).optional();

/** Key of an item of `services`: requests and limits of its container. */
export const resourcesShape = { resources: item({ requests: amounts, limits: amounts }).optional() };

/** Notes every request above its limit. */
export function checkResources(resources: z.output<typeof resourcesShape.resources>, notes: Notes): void {
  const limits: Record<string, string | undefined> = resources?.limits ?? {};
  for (const [name, requested] of Object.entries(resources?.requests ?? {})) {
    const limit = limits[name];
    if (limit !== undefined && requested !== undefined && amountOf(requested)! > amountOf(limit)!) {
      notes.problem(`resources.requests.${name}`, requested, `the limit is ${limit}; ask for no more than that`);
    }
  }
}
