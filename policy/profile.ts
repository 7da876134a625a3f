/** Which of the two profiles a stack is checked with. */
import type { Profile } from "./rule";

/** What is known of a stack before its resources are. */
export interface StackFacts {
  project: string;
  stack: string;
  /** The stack's configuration, by full key: `project:key`. */
  config: Record<string, string>;
}

/**
 * @returns `prod` for a stack whose configuration key `profile` says so. What that key says of a stack counts, and not the stack's name,
 * which is anybody's choice; only a stack that has no such key is taken for `prod` if its name begins so.
 */
export function profileOf({ project, stack, config }: StackFacts): Profile {
  const declared = config[`${project}:profile`] ?? "";
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
