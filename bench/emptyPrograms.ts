import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../commands/stackFiles";
import { run } from "../sandbox/system/run";
import { tsxProject } from "./tsxProject";

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

/** Makes empty programs and their stacks. @param folder Where; it is also the backend. */
export async function makeEmptyPrograms(pulumi: string, folder: string): Promise<EmptyPrograms> {
  const [tsx, template] = [join(folder, "empty"), join(folder, "template")];
  const env = {
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Whoever runs this has a cluster, or not: it must not matter.
    KUBECONFIG: "/nonexistent",
  };
  for (const program of [tsx, template]) {
    mkdirSync(program);
    symlinkSync(join(projectFolder, "node_modules"), join(program, "node_modules"));
    copyFileSync(join(projectFolder, "package.json"), join(program, "package.json"));
    writeFileSync(join(program, "index.ts"), "export {};\n");
  }
  writeFileSync(join(template, "Pulumi.yaml"), templateProject);
  // A stack belongs to the project of that name, wherever it is made; what it writes down of its secrets comes to lie here.
  for (const project of [readFileSync(join(projectFolder, "Pulumi.yaml"), "utf8"), tsxProject("empty")]) {
    writeFileSync(join(tsx, "Pulumi.yaml"), project);
    await run(pulumi, ["stack", "init", "bench", "--no-select", "--non-interactive"], { cwd: tsx, env });
  }
  const ownStackFile = join(tsx, "Pulumi.bench.yaml");
  copyFileSync(ownStackFile, join(template, "Pulumi.bench.yaml"));
  return { tsx, template, env, ownStackFile };
}
