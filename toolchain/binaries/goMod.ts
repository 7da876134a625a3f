import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dependencies } from "../../package.json";

/** Versions of Pulumi's providers that the program's npm packages ask for; their plugins have the same. */
export const providerVersions = {
  kubernetes: dependencies["@pulumi/kubernetes"],
  random: dependencies["@pulumi/random"],
};

/** @returns the version of the Pulumi CLI that is built, as it prints it. */
export function pulumiVersion(): string {
  return requiredVersion(readFileSync(join(__dirname, "pulumi", "go.mod"), "utf8"), "github.com/pulumi/pulumi/pkg/v3");
}

/** The version a go.mod requires of a module. */
export function requiredVersion(goMod: string, module: string): string {
  for (const line of goMod.split("\n")) {
    const [path, version] = line
      .trim()
      .replace(/^require\s+/, "")
      .split(/\s+/);
    if (path === module && version?.startsWith("v")) {
      return version;
    }
  }
  throw new Error(`go.mod does not require ${module}`);
}

/**
 * The commit in a pseudo-version such as v0.0.0-20260827124520-eed52ebb66ad, or v1.4.1-0.20260122083618-3fb702589d36
 * after a release; undefined for a tagged version.
 */
export function pseudoVersionCommit(version: string): string | undefined {
  return /[-.]\d{14}-([0-9a-f]{12})$/.exec(version)?.[1];
}
