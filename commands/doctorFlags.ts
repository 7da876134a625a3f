import type { PurposeName } from "./doctorJudgement";
import { purposeNames } from "./doctorJudgement";
import type { Flags } from "./flags";
import { everyCommand, parseStrictly, UsageError } from "./flags";

/** Flags of `npm run doctor`. */
export interface DoctorFlags extends Pick<Flags, "json" | "help"> {
  /** What is asked about; all if empty. */
  purposes: PurposeName[];
}

/**
 * Parses the command line.
 * @throws UsageError naming the flag or purpose that is unknown.
 */
export function parseDoctorFlags(argv: readonly string[]): DoctorFlags {
  const { values, positionals } = parseStrictly({
    args: [...argv],
    allowPositionals: true,
    options: everyCommand,
  });
  const purposes = positionals.map((word) => {
    const purpose = purposeNames.find((name) => name === word);
    if (purpose === undefined) {
      throw new UsageError(`${word}: ask about one of ${purposeNames.join(", ")}`);
    }
    return purpose;
  });
  return { ...values, purposes };
}
