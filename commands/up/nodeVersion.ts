import { coerce, gte } from "semver";

/** Whether a version, found anywhere in what a program prints, is at least the wanted one. Pure. */
export function atLeast(printed: string, wanted: string): boolean {
  const found = coerce(printed);
  return found !== null && gte(found, coerce(wanted)!);
}

/**
 * The oldest Node that everything here was run with, as in package.json and loader.cjs; and the oldest that
 * @pulumi/pulumi supports.
 */
export const nodeVersions = { works: "20.19", supported: "22.0" };

/** How to get a Node that is supported. */
export const nodeFix = "install Node 22 or newer from https://nodejs.org, or with: nvm install 22";

/** @returns one line for a Node that works, and that Pulumi's SDK does not support; undefined for any other. */
export function nodeAdvice(version: string): string | undefined {
  return atLeast(version, nodeVersions.supported)
    ? undefined
    : `Node ${version} works; Pulumi's SDK asks for 22, so npm ci warns: ${nodeFix}`;
}
