import type { Settings } from "../../policy/settings";
import { SettingsError } from "../../policy/settings";
import { readSettingsFile } from "../../policy/settingsFile";
import { UsageError } from "./flags";

/** The flag that names the file, for node's parseArgs. */
export const policyConfigOption = { "policy-config": { type: "string" } } as const;

/** The flag, explained. */
export const policyConfigHelp = `      --policy-config FILE
                          Settings of the policies, as YAML or JSON, as mesh-check --config takes them`;

/**
 * Reads the policies' settings before anything is done.
 * @param file What the flag names. Default: no settings.
 * @returns what the file sets; what it leaves out is up to the stack.
 * @throws UsageError naming the file, and every setting in it that is wrong.
 */
export function readPolicySettings(file: string | undefined): Partial<Settings> {
  if (file === undefined) {
    return {};
  }
  try {
    return readSettingsFile(file, "--policy-config");
  } catch (error) {
    throw error instanceof SettingsError ? new UsageError(error.message) : error;
  }
}
