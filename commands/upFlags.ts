import type { Flags } from "./flags";
import { parseFlags, UsageError } from "./flags";
import { policyConfigOption } from "./policySettings";

/** Flags of `npm start`. */
export interface UpFlags extends Flags {
  /** Fail if the update changes anything. */
  expectNoChanges: boolean;
  /** Compare with the cluster first, and not only with what the Pulumi CLI remembers of it. */
  refresh: boolean;
  /** File with the settings of the policies. */
  policyConfig?: string;
}

/**
 * Parses the command line.
 * @throws UsageError as {@link parseFlags} does, and for flags that do not go together.
 */
export function parseUpFlags(argv: readonly string[]): UpFlags {
  const {
    "expect-no-changes": expectNoChanges,
    "policy-config": policyConfig,
    ...flags
  } = parseFlags(argv, {
    ...policyConfigOption,
    "expect-no-changes": { type: "boolean", default: false },
    refresh: { type: "boolean", default: false },
  });
  if (expectNoChanges && flags.engine === "in-process") {
    throw new UsageError(
      "--expect-no-changes needs the Pulumi CLI, which compares with its state; in-process everything is applied anew",
    );
  }
  return { ...flags, expectNoChanges, ...(policyConfig !== undefined && { policyConfig }) };
}
