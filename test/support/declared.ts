import { readProject } from "../../commands/session/stackFiles";
import { profileOf } from "../../policy/pack";
import type { DeclaredProgram } from "./declaredProgram";
import { declareProgram } from "./declaredProgram";
import { loadIndex, programConfig } from "./wholeProgram";

/** The program as the policies are given it. */
export type Declared = DeclaredProgram & { profile: "dev" | "prod" };

const known = new Map<string, Promise<Declared>>();

/**
 * @param settings Config on top of the stack's own.
 * @returns what index.ts declares, each time a copy of its own. The same is not declared twice.
 */
export async function declaredBy(stack: string, settings: Record<string, string> = {}): Promise<Declared> {
  const key = `${stack} ${JSON.stringify(settings)}`;
  const declared = known.get(key) ?? declareIndex(stack, settings);
  known.set(key, declared);
  return structuredClone(await declared);
}

async function declareIndex(stack: string, settings: Record<string, string>): Promise<Declared> {
  const program = { project: readProject().name, stack, config: programConfig(stack, settings) };
  const declared = await declareProgram({ ...program, load: () => Promise.resolve(loadIndex()) });
  // As the engine hands it on: without what is undefined.
  return JSON.parse(JSON.stringify({ ...declared, profile: profileOf(program) })) as Declared;
}
