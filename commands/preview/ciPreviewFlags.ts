import { existsSync } from "node:fs";
import type { Flags } from "../shared/flags";
import { checkSettings, everyCommand, parseStrictly, UsageError } from "../shared/flags";
import { policyConfigOption } from "../shared/policySettings";
import { stackFile } from "../session/stackFiles";

/** Flags of `npm run ci:preview`. */
export interface CiPreviewFlags extends Pick<Flags, "context" | "config" | "json" | "help"> {
  stacks: string[];
  tests: boolean;
  /** Leave out everything but the previews. */
  previewsOnly: boolean;
  /** Commit to compare with. */
  base?: string;
  /** File that the report goes to. */
  markdown?: string;
  /** File with the settings of the policies. */
  policyConfig?: string;
}

/**
 * Parses the command line.
 * @throws UsageError naming the flag that is unknown, lacks its value, or names a stack that there is not.
 */
export function parseCiPreviewFlags(argv: readonly string[]): CiPreviewFlags {
  const { values } = parseStrictly({
    args: [...argv],
    allowPositionals: false,
    options: {
      ...policyConfigOption,
      stacks: { type: "string", default: "dev,prod" },
      tests: { type: "boolean", default: false },
      "previews-only": { type: "boolean", default: false },
      base: { type: "string" },
      context: { type: "string" },
      config: { type: "string", short: "c", multiple: true, default: [] },
      markdown: { type: "string" },
      ...everyCommand,
    },
  });
  checkSettings(values.config);
  const stacks = values.stacks.split(",").map((stack) => stack.trim());
  for (const stack of stacks) {
    if (stack === "" || !existsSync(stackFile(stack))) {
      throw new UsageError(`--stacks ${values.stacks}: there is no Pulumi.${stack}.yaml`);
    }
  }
  const { "previews-only": previewsOnly, "policy-config": policyConfig, ...rest } = values;
  if (previewsOnly && values.tests) {
    throw new UsageError("--previews-only leaves out the tests that --tests asks for; use one of them");
  }
  return { ...rest, previewsOnly, policyConfig, stacks };
}
