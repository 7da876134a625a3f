import type { Flags } from "./flags";
import { parseFlags } from "./flags";
import { policyConfigOption } from "./policySettings";

/** Flags of `npm start`. */
export interface UpFlags extends Flags {
  /** File with the settings of the policies. */
  policyConfig?: string;
}

/**
 * Parses the command line.
 * @throws UsageError as {@link parseFlags} does.
 */
export function parseUpFlags(argv: readonly string[]): UpFlags {
  const { "policy-config": policyConfig, ...flags } = parseFlags(argv, policyConfigOption);
  return { ...flags, ...(policyConfig !== undefined && { policyConfig }) };
}
