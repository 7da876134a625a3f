import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import manifest from "../../package.json";
import { projectFolder } from "../../commands/session/stackFiles";
import { run } from "../../toolchain/system/run";
import { tryPulumi } from "./pulumi";
import { readPages } from "./pages";

/** A Pulumi program in a folder of its own, that has this project's packages from npm. */
export interface FreshProgram {
  folder: string;
  /** Runs the CLI on its stack, which is on a backend of its own. */
  pulumi(...args: string[]): Promise<{ code: number; said: string }>;
  /** Changes what the program is. */
  write(edit: (program: string) => string): Promise<void>;
  /** Removes folder and backend. */
  remove(): Promise<void>;
}

const tsconfig = { compilerOptions: { strict: true, target: "es2020", module: "commonjs", moduleResolution: "node" } };

/**
 * Packs the packages, and installs them beside the program of docs/packages.md, as its readers do.
 * @param env What the program's Pulumi gets besides.
 */
export async function freshProgram(env: NodeJS.ProcessEnv): Promise<FreshProgram> {
  const folder = await mkdtemp(join(tmpdir(), "fresh-program-"));
  const npm = (...args: string[]) => run("npm", args, { cwd: folder, timeoutMs: 300_000 });
  const documented = readPages()
    .find(({ file }) => file === join("docs", "packages.md"))!
    .blocks.find(({ language }) => language === "ts")!.text;
  const write: FreshProgram["write"] = (edit) => writeFile(join(folder, "index.ts"), edit(documented));
  const { "@pulumi/pulumi": sdk, "@pulumi/kubernetes": kubernetes } = manifest.dependencies;

  await mkdir(join(folder, "state"));
  await writeFile(join(folder, "Pulumi.yaml"), "name: fresh\nruntime: nodejs\n");
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ main: "index.ts", dependencies: { "@pulumi/pulumi": sdk, "@pulumi/kubernetes": kubernetes } }),
  );
  await write((program) => program);
  const packed = await npm("pack", "--silent", ...["components", "policy"].map((name) => join(projectFolder, name)));
  await npm(
    "install",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    ...packed
      .trim()
      .split(/\s+/)
      .map((file) => `./${file}`),
  );

  const pulumi: FreshProgram["pulumi"] = (...args) =>
    tryPulumi(args, {
      cwd: folder,
      env: {
        PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "of this test",
        ...env,
      },
    });
  await pulumi("stack", "init", "fresh");
  return { folder, pulumi, write, remove: () => rm(folder, { recursive: true, force: true }) };
}
