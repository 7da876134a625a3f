import type { Flags } from "./flags";
import { parseFlags, UsageError } from "./flags";

/** Flags of `npm start`. */
export interface UpFlags extends Flags {
  /** Fail if the update changes anything. */
  "expect-no-changes": boolean;
  /** Compare with the cluster first, and not only with what the Pulumi CLI remembers of it. */
  refresh: boolean;
}

/**
 * Parses the command line.
 * @throws UsageError naming the flag that is unknown, lacks its value, or does not go with another one.
 */
export function parseUpFlags(argv: readonly string[]): UpFlags {
  const flags = parseFlags(argv, {
    "expect-no-changes": { type: "boolean", default: false },
    refresh: { type: "boolean", default: false },
  });
  if (flags["expect-no-changes"] && flags.engine === "in-process") {
    throw new UsageError(
      "--expect-no-changes needs the Pulumi CLI, which compares with its state; in-process everything is applied anew",
    );
  }
  return flags;
}
