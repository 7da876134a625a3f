/** Which of the two profiles a stack is checked with. */
import type { Profile } from "./rule";

/** What is known of a stack before its resources are. */
export interface StackFacts {
  project: string;
  stack: string;
  /** The stack's output `profile`, where its program has one. */
  output?: unknown;
  /** The stack's configuration, by full key: `project:key`. Pulumi 3.224 and newer no longer hands it to a policy pack. */
  config: Record<string, string>;
}

/**
 * @returns `prod` for a stack whose output `profile` says so, or else whose configuration key `profile`. A stack's name is free to choose:
 * it counts only where there is neither; it then means `prod` if it begins so.
 */
export function profileOf({ project, stack, output, config }: StackFacts): Profile {
  const declared = typeof output === "string" ? output : (config[`${project}:profile`] ?? "");
  const said = declared === "" ? /^prod/.exec(stack)?.[0] : declared;
  return said === "prod" ? "prod" : "dev";
}

/** @returns project and stack that a URN names; empty where there is none. */
export function placeOf(urn = ""): Pick<StackFacts, "project" | "stack"> {
  const [, stack = "", project = ""] = /^urn:pulumi:([^:]+)::([^:]+)::/.exec(urn) ?? [];
  return { project, stack };
}

/**
 * @param env The environment of a process that the Pulumi engine started; `PULUMI_CONFIG` is how it hands out configuration.
 * @returns the stack's configuration; empty where the engine gave none.
 */
export function engineConfig(env: NodeJS.ProcessEnv): Record<string, string> {
  try {
    return JSON.parse(env["PULUMI_CONFIG"] ?? "{}") as Record<string, string>;
  } catch {
    return {};
  }
}
