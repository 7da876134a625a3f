import type { EchoServiceArgs } from "../components/echoService";
import type { ItemReader } from "./itemReader";

type Resources = NonNullable<EchoServiceArgs["resources"]>;

/** What a container can ask for by these keys. */
const resourceNames = ["cpu", "memory", "ephemeral-storage"];

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

/** Reads requests and limits of a service's container. */
export function readResources(item: ItemReader): Resources | undefined {
  const resources = item.object("resources", ["requests", "limits"]);
  if (!resources) {
    return undefined;
  }
  const requests = readAmounts(resources, "requests");
  const limits = readAmounts(resources, "limits");
  for (const [name, requested] of Object.entries(requests ?? {})) {
    const limit = limits?.[name];
    if (limit !== undefined && amountOf(requested)! > amountOf(limit)!) {
      resources.problem(`requests.${name}`, requested, `the limit is ${limit}; ask for no more than that`);
    }
  }
  return { ...(requests && { requests }), ...(limits && { limits }) };
}

function readAmounts(resources: ItemReader, key: "requests" | "limits"): Record<string, string> | undefined {
  const item = resources.object(key, resourceNames);
  const amounts = resourceNames.flatMap((name): [string, string][] => {
    // Memory in thousandths of a byte, or cores in mebi, is a slip of the unit.
    const unit = name === "cpu" ? /^[\d.]+m?$/ : /^[\d.]+([kMGT]i?|Ki)?$/;
    const example = name === "cpu" ? "500m or 2" : "64Mi or 1Gi";
    const amount = item?.value(
      name,
      (v): v is string | number => amountOf(v) !== undefined && unit.test(String(v)),
      `use an amount such as ${example}`,
    );
    return amount === undefined ? [] : [[name, String(amount)]];
  });
  return item && Object.fromEntries(amounts);
}
