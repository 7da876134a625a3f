import { createRequire } from "node:module";
import { join } from "node:path";
import type { Profile } from "../policy/rule";
import { profileOf } from "../policy/profile";
import type { Settings } from "../policy/settings";
import type * as Apply from "../toolchain/applier/apply";
import type * as Declare from "../toolchain/applier/declare";
import type { StackOutput } from "../toolchain/applier/inventory";
import type { Program } from "../toolchain/applier/program";
import { allOrFirstError } from "../toolchain/system/settle";
import { checkPolicies } from "./policyCheck";
import type { Session } from "./session";
import { asProgramConfig, projectFolder, readProject, readStackFile, withSettings } from "./stackFiles";

const requireFresh = createRequire(__filename);

// Loaded late: they bring Pulumi's SDK and a client of Kubernetes, and with the Pulumi CLI neither is needed here.
const applier = () => requireFresh("../toolchain/applier/apply") as typeof Apply;
const declarer = () => requireFresh("../toolchain/applier/declare") as typeof Declare;

/** Runs the program: all of it happens while it is imported, so a second run needs a second import. */
function loadProgram(folder: string): Promise<Record<string, unknown>> {
  const path = requireFresh.resolve(join(folder, "index"));
  delete requireFresh.cache[path];
  return Promise.resolve(requireFresh(path) as Record<string, unknown>);
}

/** @returns the program with the config of a stack, and of this run on top. */
function programOf({ stack, settings }: Pick<Session, "stack" | "settings">, folder = projectFolder): Program {
  const project = readProject(folder);
  const { config = {} } = readStackFile(stack, folder) as { config?: Record<string, unknown> };
  return {
    project: project.name,
    stack,
    config: asProgramConfig(withSettings(config, settings, project), project),
    load: () => loadProgram(folder),
  };
}

/**
 * Runs the program without applying anything.
 * @param folder Where the program is. Default: this project.
 * @returns what it declares, and the kind of stack that the policies take it for.
 */
export async function declareInProcess(
  session: Pick<Session, "stack" | "settings">,
  folder = projectFolder,
): Promise<Declare.DeclaredProgram & { profile: Profile }> {
  const { declareProgram } = declarer();
  const program = programOf(session, folder);
  return { ...(await declareProgram(program)), profile: profileOf(program) };
}

/**
 * Checks the stack against the policies, without applying anything.
 * @param policySettings Of the policies. Default: those of the stack's profile.
 * @returns what the stack declares.
 * @throws Error naming all that the policies forbid.
 */
export async function judgeInProcess(
  session: Pick<Session, "stack" | "settings">,
  log: (line: string) => void,
  policySettings: Partial<Settings> = {},
): Promise<Declare.DeclaredResource[]> {
  const declared = await declareInProcess(session);
  checkPolicies(declared, { profile: declared.profile, ...policySettings }, log);
  return declared.resources;
}

/**
 * Applies the stack without the Pulumi CLI.
 * @param judged What it declares, once the policies were asked; see {@link judgeInProcess}.
 * @returns its outputs.
 */
export async function upInProcess(
  session: Session,
  log: (line: string) => void,
  judged: Promise<Declare.DeclaredResource[]>,
): Promise<Record<string, StackOutput>> {
  const { applyProgram } = applier();
  // Both are waited for, so that nothing is left at work on the cluster if the policies refuse.
  await allOrFirstError([judged, session.ready]);
  return applyProgram(programOf(session), { ...session, log }, await judged);
}

/** Removes what {@link upInProcess} made. @returns false if there was nothing. */
export async function downInProcess(session: Session, log: (line: string) => void): Promise<boolean> {
  return applier().removeProgram({ ...session, log });
}
