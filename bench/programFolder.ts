import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../commands/stackFiles";
import { run } from "../toolchain/system/run";
import { tsxProject } from "./tsxProject";

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
 * Makes the stack `bench` of this project, and one of a program that tsx compiles, whose project the folder has afterwards.
 * @returns path of the stack file: what decrypts the secrets of both, without config.
 */
export async function makeStacks(
  pulumi: string,
  folder: string,
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  // A stack belongs to the project of that name, wherever it is made; what it writes down of its secrets comes to lie here.
  for (const project of [readFileSync(join(projectFolder, "Pulumi.yaml"), "utf8"), tsxProject(name)]) {
    writeFileSync(join(folder, "Pulumi.yaml"), project);
    await run(pulumi, ["stack", "init", "bench", "--no-select", "--non-interactive"], { cwd: folder, env });
  }
  return join(folder, "Pulumi.bench.yaml");
}
