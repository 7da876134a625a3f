import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import { UsageError } from "../shared/flags";

/** Versions of a service, and the percent of its requests that each gets. */
export type Weights = Readonly<Record<string, number>>;

/** @returns the weights with one version at `percent`; the others share the rest as they did before. */
export function weightsAt(now: Weights, version: string, percent: number): Weights {
  const others = Object.entries(now).filter(([name]) => name !== version);
  const sum = others.reduce((all, [, weight]) => all + weight, 0);
  const rest = 100 - percent;
  const shares = others.map(([name, weight]) => ({ name, share: (rest * weight) / sum }));
  const rounded = new Map(shares.map(({ name, share }) => [name, Math.floor(share)]));
  // Weights are whole numbers: what rounding leaves goes to those that lost most by it.
  const left = rest - [...rounded.values()].reduce((all, one) => all + one, 0);
  [...shares]
    .sort((a, b) => (b.share % 1) - (a.share % 1))
    .slice(0, left)
    .forEach(({ name }) => rounded.set(name, rounded.get(name)! + 1));
  return Object.fromEntries(Object.keys(now).map((name) => [name, name === version ? percent : rounded.get(name)!]));
}

/**
 * @param text What --steps says: rising percents with commas between them.
 * @param now Percent that the version has now.
 * @returns the steps beyond it.
 * @throws UsageError if they do not rise, or none is left.
 */
export function stepsBeyond(text: string, now: number): number[] {
  const steps = text.split(",").map((one) => (/^\d+$/.test(one.trim()) ? Number(one) : Number.NaN));
  if (!steps.every((step, i) => step >= 1 && step <= 100 && (i === 0 || step > steps[i - 1]!))) {
    throw new UsageError(`--steps ${text}: use rising whole percents from 1 to 100, such as 10,50,100`);
  }
  const left = steps.filter((step) => step > now);
  if (left.length === 0) {
    throw new UsageError(`--steps ${text}: the version has ${now} % already; end with more`);
  }
  return left;
}

/** Where the weights of a service stand in a stack's file. */
export interface WeightsPlace {
  /** Name of the file, for messages. */
  file: string;
  /** The key `services`, with its namespace. */
  key: string;
  service: string;
}

/**
 * @param text Text of a stack's file.
 * @returns the text with other weights of a service; all else stays as it is written, comments included.
 * @throws UsageError where the file has no weight of a version, as a number.
 */
export function withWeights(text: string, { file, key, service }: WeightsPlace, weights: Weights): string {
  const services = parseDocument(text).getIn(["config", key]);
  const item = isSeq(services) ? services.items.find((one) => isMap(one) && one.get("name") === service) : undefined;
  const versions = isMap(item) ? item.get("versions") : undefined;
  const ranges = Object.entries(weights).map(([version, weight]) => {
    const one = isSeq(versions) ? versions.items.find((it) => isMap(it) && it.get("version") === version) : undefined;
    const node = isMap(one) ? one.get("weight", true) : undefined;
    if (!isScalar(node) || !node.range) {
      throw new UsageError(
        `${file}: no weight of version ${version} of ${service} below ${key}; write services there as a list, with a weight for each version`,
      );
    }
    return { start: node.range[0], end: node.range[1], weight };
  });
  return ranges
    .sort((a, b) => b.start - a.start)
    .reduce((rest, { start, end, weight }) => rest.slice(0, start) + String(weight) + rest.slice(end), text);
}
