import type { Flags } from "../shared/flags";
import { parseFlags } from "../shared/flags";
import { policyConfigOption } from "../shared/policySettings";

/** Flags of `npm start`. */
export interface UpFlags extends Flags {
  /** Fail if the update changes anything. */
  expectNoChanges: boolean;
  /** Compare with the cluster first, and not only with what Pulumi's state has of it. */
  refresh: boolean;
  /** Say how far builds are in a line a minute, on a terminal too. */
  quiet: boolean;
  /** File with the settings of the policies. */
  policyConfig?: string;
}

/** Parses the command line. @throws UsageError as {@link parseFlags} does. */
export function parseUpFlags(argv: readonly string[]): UpFlags {
  const {
    "expect-no-changes": expectNoChanges,
    "policy-config": policyConfig,
    ...flags
  } = parseFlags(argv, {
    ...policyConfigOption,
    "expect-no-changes": { type: "boolean", default: false },
    refresh: { type: "boolean", default: false },
    quiet: { type: "boolean", default: false },
  });
  return { ...flags, expectNoChanges, ...(policyConfig !== undefined && { policyConfig }) };
}
