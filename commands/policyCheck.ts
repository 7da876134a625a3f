import { runtime } from "@pulumi/pulumi";
import type { Outcome } from "../policy/check";
import { checkResources } from "../policy/check";
import { unknown } from "../policy/mesh/pulumi";
import type { Finding } from "../policy/rule";
import type { DeclaredResource } from "../sandbox/applier/declare";

/** @returns a finding as one line: what, where, why, how to mend it. */
export function describeFinding({ rule, level, resource, field, message }: Finding): string {
  return `[${level}] ${rule}: ${resource}: ${field ? `${field}: ` : ""}${message}`;
}

/** @returns what the policy pack's rules say of what a program declares. */
export function judge(resources: readonly DeclaredResource[], profile: "dev" | "prod"): Outcome {
  const declared = resources.map((resource) => ({ ...resource, props: withUnknowns(resource.props) }));
  return checkResources(declared as Parameters<typeof checkResources>[0], { profile });
}

/**
 * Checks what a program declares against the policy pack's rules, as `pulumi preview --policy-pack policy` would.
 * @param log Told each advisory finding.
 * @throws Error naming every mandatory finding.
 */
export function checkPolicies(
  resources: readonly DeclaredResource[],
  profile: "dev" | "prod",
  log: (line: string) => void,
): void {
  const { findings } = judge(resources, profile);
  const mandatory = findings.filter(({ level }) => level === "mandatory");
  findings.filter(({ level }) => level === "advisory").forEach((finding) => log(describeFinding(finding)));
  if (mandatory.length > 0) {
    throw new Error(["the policies forbid this; nothing was changed", ...mandatory.map(describeFinding)].join("\n  "));
  }
  log(`policies: ${resources.length} resources checked, no mandatory finding`);
}

function withUnknowns(value: unknown): unknown {
  if (value === runtime.unknownValue) {
    return unknown;
  }
  if (Array.isArray(value)) {
    return value.map(withUnknowns);
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withUnknowns(item)]))
    : value;
}
