import { gatherFacts } from "./doctorFacts";
import { describePurposes, isFit, isReady, judgeMachine, purposeNames, type PurposeName } from "./doctorJudgement";
import { defineCommand } from "../shared/defineCommand";
import { type Flags, parseStrictly, UsageError } from "../shared/flags";

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
  const { values, positionals } = parseStrictly(argv, {}, true);
  const purposes = positionals.map((word) => {
    const purpose = purposeNames.find((name) => name === word);
    if (purpose === undefined) {
      throw new UsageError(`${word}: ask about one of ${purposeNames.join(", ")}`);
    }
    return purpose;
  });
  return { ...values, purposes };
}

const help = `npm run doctor -- [PURPOSE...] [flags]

Lists what is missing on this machine, which command needs it, and the fix. Changes nothing.

Purposes: ${purposeNames.join(", ")}. Default: all.

      --json  Print the result as one JSON object on the last line
  -h, --help  This text

It fails if a purpose that is named is not ready; without a name, if the unit tests are not ready, or no cluster is.
`;

/** `npm run doctor`. */
export const command = defineCommand(
  __filename,
  help,
  async ({ purposes: asked, json }) => {
    const facts = await gatherFacts();
    const all = judgeMachine(facts);
    const shown = asked.length > 0 ? all.filter(({ name }) => asked.includes(name)) : all;
    if (!json) {
      console.log(describePurposes(shown).join("\n"));
    }
    const fit = isFit(all, asked, facts);
    process.exitCode = fit ? 0 : 1;
    return { fit, purposes: shown.map((purpose) => ({ ...purpose, ready: isReady(purpose) })) };
  },
  parseDoctorFlags,
);
