import type { StackOutput } from "../sandbox/applier/apply";
import type { Session } from "./session";
import { asProgramConfig, readProject, readStackFile, withSettings } from "./stackFiles";

/** Applies the stack without the Pulumi CLI. @returns its outputs. */
export async function upInProcess(session: Session, log: (line: string) => void): Promise<Record<string, StackOutput>> {
  const { applyProgram } = await import("../sandbox/applier/apply");
  const project = readProject();
  const { config = {} } = readStackFile(session.stack) as { config?: Record<string, unknown> };
  const program = {
    project: project.name,
    stack: session.stack,
    config: asProgramConfig(withSettings(config, session.settings, project), project),
    load: () => import("../index") as Promise<Record<string, unknown>>,
  };
  return applyProgram(program, { ...session, log });
}

/** Removes what {@link upInProcess} made. @returns false if there was nothing. */
export async function downInProcess(session: Session, log: (line: string) => void): Promise<boolean> {
  const { removeProgram } = await import("../sandbox/applier/apply");
  return removeProgram({ ...session, log });
}
