import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname } from "node:path";

/** Figures of one way of doing something, in the unit that was measured. */
export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** @returns the middle value; of an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** @returns the least, the middle and the greatest value. */
export function spread(values: readonly number[]): Spread {
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}

/** @returns how many milliseconds something takes that ends well. */
export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** What {@link sideBySide} measured of one way. */
export interface Measured extends Spread {
  values: number[];
  /** Median of the ratios to the last way, each of two values of the same round. */
  ratio: number;
}

/**
 * Measures several ways of doing the same, one after the other in each round, so that all meet the same machine. Each
 * round starts with another way, so that none always runs in the shadow of the same one.
 * @param ways Each gives one figure; the last is what the others are compared with.
 * @param log Called with each figure as it is measured.
 */
export async function sideBySide(
  ways: Record<string, () => Promise<number>>,
  rounds: number,
  log: (line: string) => void = () => undefined,
): Promise<Record<string, Measured>> {
  const names = Object.keys(ways);
  const values: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + i) % names.length]!;
      const value = await ways[name]!();
      values[name]!.push(value);
      log(`round ${round + 1} of ${rounds}: ${name} ${value.toFixed(0)}`);
    }
  }
  const reference = { values: values[names.at(-1)!]! };
  return Object.fromEntries(
    names.map((name) => {
      const own = values[name]!;
      return [name, { ...spread(own), values: own, ratio: pairedRatio({ values: own }, reference) }];
    }),
  );
}

/** @returns the median of the ratios of one way to another, each of two values of the same round. */
export function pairedRatio(one: Pick<Measured, "values">, other: Pick<Measured, "values">): number {
  return median(one.values.map((value, i) => value / other.values[i]!));
}

/** @returns a Markdown table of what {@link sideBySide} measured, in milliseconds. */
export function table(title: string, rows: Record<string, Measured>): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  return [
    `| ${title} | min | median | max | ratio |`,
    "| --- | ---: | ---: | ---: | ---: |",
    ...Object.entries(rows).map(
      ([name, { min, median: middle, max, ratio }]) =>
        `| ${name} | ${seconds(min)} | ${seconds(middle)} | ${seconds(max)} | ${ratio.toFixed(2)} |`,
    ),
  ].join("\n");
}

/** Writes results with what they depend on: the day, the machine's processors, Node. */
export function writeResults(file: string, results: Record<string, unknown>): void {
  const machine = { date: new Date().toISOString(), processors: cpus().length, node: process.version };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...machine, ...results }, undefined, 2)}\n`);
}
