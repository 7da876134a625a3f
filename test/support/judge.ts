import type { Outcome } from "../../policy/check";
import { checkResources } from "../../policy/check";
import type { ProgramResource } from "../../policy/mesh/pulumi";
import { describeUndetermined } from "../../policy/report";
import type { Finding } from "../../policy/rule";
import type { Settings } from "../../policy/settings";

/** What a program declares, as far as the policies read it. */
export interface Judged {
  resources: readonly ProgramResource[];
  /** What only holds resources: these wait for whatever it waits for. */
  components?: readonly ProgramResource[];
}

/** @returns a finding as one line: what, where, why, how to mend it. */
function describeFinding({ rule, level, resource, field, message }: Finding): string {
  return `[${level}] ${rule}: ${resource}: ${field ? `${field}: ` : ""}${message}`;
}

/**
 * @param settings What the policies are configured with. Default: profile `dev`, and the defaults of `mesh-check`.
 * @returns what the policy pack's rules say of what a program declares.
 * @throws SettingsError if the settings are wrong.
 */
export function judge({ resources, components = [] }: Judged, settings: Partial<Settings> = {}): Outcome {
  return checkResources([...components, ...resources], settings);
}

/**
 * Checks what a program declares against the policy pack's rules, as `pulumi preview --policy-pack policy` would.
 * @param settings As for {@link judge}.
 * @param log Called with each advisory finding, each thing that can't be judged before it is deployed, and the sum.
 * @throws Error naming every mandatory finding.
 */
export function checkPolicies(program: Judged, settings: Partial<Settings>, log: (line: string) => void): void {
  const { findings, undetermined } = judge(program, settings);
  const mandatory = findings.filter(({ level }) => level === "mandatory");
  findings.filter(({ level }) => level === "advisory").forEach((finding) => log(describeFinding(finding)));
  undetermined.forEach((one) => log(describeUndetermined(one)));
  if (mandatory.length > 0) {
    throw new Error(["the policies forbid this; nothing was changed", ...mandatory.map(describeFinding)].join("\n  "));
  }
  const open = undetermined.length === 0 ? "" : `, ${undetermined.length} not judged yet`;
  log(`policies: ${program.resources.length} resources checked, no mandatory finding${open}`);
}
