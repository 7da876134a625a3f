/** A version in its parts: `v`, 3, 6, 7 and `-alpine` of `v3.6.7-alpine`. */
interface Parts {
  prefix: string;
  numbers: number[];
  suffix: string;
}

/**
 * @param ours A version or a tag.
 * @param versions Those that a registry has, in any order.
 * @returns the highest version that is made like ours, with the same prefix, as many numbers and the same suffix: `7.4.1-alpine` for
 * `7.2.11-alpine`, and neither `8` nor `8.0-rc1-alpine`. Ours if none is higher; undefined if ours is no version, as a commit is none.
 */
export function newestAlike(ours: string, versions: readonly string[]): string | undefined {
  const own = partsOf(ours);
  if (own === undefined) {
    return undefined;
  }
  let [newest, highest] = [ours, own.numbers];
  for (const version of versions) {
    const parts = partsOf(version);
    const isAlike =
      parts?.prefix === own.prefix && parts.suffix === own.suffix && parts.numbers.length === own.numbers.length;
    if (isAlike && isHigher(parts.numbers, highest)) {
      [newest, highest] = [version, parts.numbers];
    }
  }
  return newest;
}

function partsOf(version: string): Parts | undefined {
  const [, prefix, numbers, suffix] = /^(v?)(\d+(?:\.\d+)+)(.*)$/.exec(version) ?? [];
  return numbers === undefined
    ? undefined
    : { prefix: prefix!, numbers: numbers.split(".").map(Number), suffix: suffix! };
}

function isHigher(a: readonly number[], b: readonly number[]): boolean {
  const i = a.findIndex((number, i) => number !== b[i]);
  return i >= 0 && a[i]! > b[i]!;
}
