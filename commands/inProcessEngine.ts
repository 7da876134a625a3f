import { createRequire } from "node:module";
import type { StackOutput } from "../sandbox/applier/inventory";
import { checkPolicies } from "./policyCheck";
import type { Session } from "./session";
import { asProgramConfig, readProject, readStackFile, withSettings } from "./stackFiles";

const requireFresh = createRequire(__filename);

/** Runs the program: all of it happens while it is imported, so a second run needs a second import. */
function loadProgram(): Promise<Record<string, unknown>> {
  const path = requireFresh.resolve("../index");
  delete requireFresh.cache[path];
  return Promise.resolve(requireFresh(path) as Record<string, unknown>);
}

/** Checks the stack against the policies and applies it, without the Pulumi CLI. @returns its outputs. */
export async function upInProcess(session: Session, log: (line: string) => void): Promise<Record<string, StackOutput>> {
  const [{ applyProgram }, { declareProgram }] = await Promise.all([
    import("../sandbox/applier/apply"),
    import("../sandbox/applier/declare"),
  ]);
  const project = readProject();
  const { config = {} } = readStackFile(session.stack) as { config?: Record<string, unknown> };
  const program = {
    project: project.name,
    stack: session.stack,
    config: asProgramConfig(withSettings(config, session.settings, project), project),
    load: loadProgram,
  };
  checkPolicies(await declareProgram(program), profileOf(program.config, project.name), log);
  return applyProgram(program, { ...session, log });
}

/** Removes what {@link upInProcess} made. @returns false if there was nothing. */
export async function downInProcess(session: Session, log: (line: string) => void): Promise<boolean> {
  const { removeProgram } = await import("../sandbox/applier/apply");
  return removeProgram({ ...session, log });
}

/** The policies know two kinds of stack; the sandbox is one to learn on. */
function profileOf(config: Record<string, string>, project: string): "dev" | "prod" {
  return config[`${project}:profile`] === "prod" ? "prod" : "dev";
}
