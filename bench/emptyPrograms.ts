import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { backendEnvironment, makeProgramFolder, makeStacks } from "./programFolder";

/** The empty program as Pulumi's templates have it: Pulumi compiles it, and checks its types. */
const templateProject = "name: empty\nruntime: nodejs\n";

/** Programs that declare nothing, each in a folder of its own, with the stack `bench` in a backend of their own. */
export interface EmptyPrograms {
  /** Folder of the one that tsx compiles. */
  tsx: string;
  /** Folder of the one that Pulumi compiles, as its templates have it. */
  template: string;
  /** Environment in which the CLI finds the backend, and no cluster. */
  env: NodeJS.ProcessEnv;
  /** Stack file of a stack `bench` of this project, in the same backend: what decrypts its secrets, without config. */
  ownStackFile: string;
}

/** Names for the results. */
export const emptyNames = {
  template: "an empty program as Pulumi's templates have it",
  tsx: "an empty program",
};

/**
 * Makes empty programs and their stacks.
 * @param folder Where; it is also the backend.
 * @param home Environment variables of the CLI's plugin folder, if needed.
 */
export async function makeEmptyPrograms(
  pulumi: string,
  folder: string,
  home: Record<string, string>,
): Promise<EmptyPrograms> {
  const [tsx, template] = [join(folder, "empty"), join(folder, "template")];
  // The result must not depend on a cluster of the machine.
  const env = { ...backendEnvironment(folder, "/nonexistent"), ...home };
  for (const program of [tsx, template]) {
    makeProgramFolder(program);
    writeFileSync(join(program, "index.ts"), "export {};\n");
  }
  writeFileSync(join(template, "Pulumi.yaml"), templateProject);
  const ownStackFile = await makeStacks(pulumi, tsx, "empty", env);
  copyFileSync(ownStackFile, join(template, "Pulumi.bench.yaml"));
  return { tsx, template, env, ownStackFile };
}
