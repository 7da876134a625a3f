import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../commands/session/stackFiles";
import { run } from "../toolchain/system/run";

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

/**
 * @returns a Pulumi.yaml of a program that tsx compiles: the quickest way to run TypeScript that needs no code of one's
 * own.
 */
function tsxProject(name: string): string {
  return `name: ${name}
runtime:
  name: nodejs
  options:
    packagemanager: npm
    typescript: false
    nodeargs: "--import tsx"
`;
}

/** @returns the environment in which the CLI keeps its state in a folder, and finds the cluster of a kubeconfig. */
export function backendEnvironment(folder: string, kubeconfig: string): NodeJS.ProcessEnv {
  return {
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    KUBECONFIG: kubeconfig,
  };
}

/** Makes a folder for a program that has this project's packages. */
export function makeProgramFolder(folder: string): void {
  mkdirSync(folder);
  symlinkSync(join(projectFolder, "node_modules"), join(folder, "node_modules"));
  copyFileSync(join(projectFolder, "package.json"), join(folder, "package.json"));
}

/**
 * Makes the stack `bench` of this project, and one of a program that tsx compiles, whose project the folder has
 * afterwards.
 * @returns path of the stack file: what decrypts the secrets of both, without config.
 */
export async function makeStacks(
  pulumi: string,
  folder: string,
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  // A stack belongs to the project of that name, wherever it is made; what it writes down of its secrets comes to lie
  // here.
  for (const project of [readFileSync(join(projectFolder, "Pulumi.yaml"), "utf8"), tsxProject(name)]) {
    writeFileSync(join(folder, "Pulumi.yaml"), project);
    await run(pulumi, ["stack", "init", "bench", "--no-select", "--non-interactive"], { cwd: folder, env });
  }
  return join(folder, "Pulumi.bench.yaml");
}
