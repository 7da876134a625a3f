import { delimiter } from "node:path";

/** @returns a value as a POSIX shell takes it literally. */
export function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/**
 * @param folders Put before those that PATH has.
 * @returns the lines by which a POSIX shell sets variables.
 */
export function shellLines(variables: Record<string, string>, folders: readonly string[]): string[] {
  return [
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`),
    ...(folders.length > 0 ? [`export PATH=${quoted(folders.join(delimiter))}${delimiter}"$PATH"`] : []),
  ];
}
