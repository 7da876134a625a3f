import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dependencies } from "../../package.json";
import { requiredVersion } from "./goMod";

/** Versions of Pulumi's providers that the program's npm packages ask for; their plugins have the same. */
export const providerVersions = {
  kubernetes: dependencies["@pulumi/kubernetes"],
  random: dependencies["@pulumi/random"],
};

/** @returns the version of the Pulumi CLI that is built, as it prints it. */
export function pulumiVersion(): string {
  return requiredVersion(readFileSync(join(__dirname, "pulumi", "go.mod"), "utf8"), "github.com/pulumi/pulumi/pkg/v3");
}
