import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import manifest from "../../package.json";
import { findPulumi } from "../../commands/pulumi/cli";
import { pulumiEnvironment } from "../../commands/pulumi/environment";
import { projectFolder } from "../../commands/session/stackFiles";
import { ensureGroup } from "../../toolchain";
import { run, tryRun } from "../../toolchain/system/run";
import { tryPulumi } from "./pulumi";
import { readPages } from "./pages";

/** A Pulumi program in a folder of its own, that has this project's packages from npm. */
export interface FreshProgram {
  folder: string;
  /** Runs the CLI on its stack, which is on a backend of its own. */
  pulumi(...args: string[]): Promise<{ code: number; said: string }>;
  /** Changes what the program is. */
  write(edit: (program: string) => string): Promise<void>;
  /** Makes the documented program in YAML, in a folder of its own with the same plugin. */
  yaml(edit: (program: string) => string): Promise<OtherProgram>;
  /** The same in Python, with an SDK that Pulumi generates. */
  python(edit: (program: string) => string): Promise<OtherProgram>;
  /** Removes folder and backend. */
  remove(): Promise<void>;
}

/** A program in another language than TypeScript. */
export interface OtherProgram {
  /** Changes what the program is. */
  write(edit: (program: string) => string): Promise<void>;
  /** Runs it: `preview`, `up` or `destroy`. */
  run(command: "preview" | "up" | "destroy", ...flags: string[]): Promise<{ code: number; said: string }>;
}

/** Where the documented programs have the plugin, and these have it. */
const pluginFolder = { documented: "./plugin/node_modules/", fresh: "../node_modules/" };

/** Runs a Python program without a language host, by Pulumi's Automation API. */
const runner = `
import os, runpy, sys
from pulumi import automation
command, flags = sys.argv[1], sys.argv[2:]
program = lambda: runpy.run_path(os.path.abspath("__main__.py"))
workspace = automation.LocalWorkspace(work_dir=".", program=program)
stack = automation.Stack.create_or_select("fresh", workspace)
stack.set_config("kubernetes:context", automation.ConfigValue(os.environ["KUBE_CONTEXT"]))
options = {"expect_no_changes": True} if "--expect-no-changes" in flags else {}
getattr(stack, command)(on_output=print, **options)
`;

const tsconfig = { compilerOptions: { strict: true, target: "es2020", module: "commonjs", moduleResolution: "node" } };

/**
 * Packs the packages, and installs them beside the program of docs/packages.md, as its readers do.
 * @param env What the program's Pulumi gets besides.
 */
export async function freshProgram(env: NodeJS.ProcessEnv): Promise<FreshProgram> {
  const folder = await mkdtemp(join(tmpdir(), "fresh-program-"));
  const npm = (...args: string[]) => run("npm", args, { cwd: folder, timeoutMs: 300_000 });
  const page = readPages().find(({ file }) => file === join("docs", "packages.md"))!;
  const documented = (language: string) => page.blocks.find((block) => block.language === language)!.text;
  const write: FreshProgram["write"] = (edit) => writeFile(join(folder, "index.ts"), edit(documented("ts")));
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

  const programEnv = {
    PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "of this test",
    ...env,
  };
  const pulumi: FreshProgram["pulumi"] = (...args) => tryPulumi(args, { cwd: folder, env: programEnv });
  await pulumi("stack", "init", "fresh");

  /** Makes a folder for a program in another language. @returns it, and the variables that its Pulumi gets. */
  const other = async (language: string) => {
    const cwd = join(folder, language);
    await mkdir(cwd);
    return { cwd, env: { ...programEnv, ...(await languageHosts()) } };
  };
  const yaml: FreshProgram["yaml"] = async (edit) => {
    const place = await other("yaml");
    const writeYaml: OtherProgram["write"] = (change) =>
      writeFile(
        join(place.cwd, "Pulumi.yaml"),
        change(documented("yaml").replace(pluginFolder.documented, pluginFolder.fresh)),
      );
    await writeYaml(edit);
    await tryPulumi(["stack", "init", "fresh"], place);
    return {
      write: writeYaml,
      run: (command, ...flags) =>
        tryPulumi([command, ...(command === "preview" ? [] : ["--yes", "--skip-preview"]), ...flags], place),
    };
  };
  const python: FreshProgram["python"] = async (edit) => {
    const place = await other("python");
    const { cwd } = place;
    const plugin = `${pluginFolder.fresh}sidecar-mesh-components`;
    const project = `name: fresh\nruntime: python\npackages:\n  sidecar-mesh: ${plugin}\n`;
    await writeFile(join(cwd, "Pulumi.yaml"), project);
    await writeFile(join(cwd, "run.py"), runner);
    const writePython: OtherProgram["write"] = (change) =>
      writeFile(join(cwd, "__main__.py"), change(documented("py")));
    await writePython(edit);
    const generated = await tryPulumi(["package", "gen-sdk", plugin, "--language", "python", "--out", "sdk"], place);
    assert.equal(generated.code, 0, generated.said);
    await run("python3", ["-m", "venv", "venv"], { cwd, timeoutMs: 120_000 });
    const wanted = [`pulumi==${sdk}`, "./sdk/python"];
    await run(join(cwd, "venv", "bin", "pip"), ["install", "--quiet", ...wanted], { cwd, timeoutMs: 300_000 });
    return {
      write: writePython,
      async run(command, ...flags) {
        const { code, stdout, stderr } = await tryRun(
          join(cwd, "venv", "bin", "python"),
          ["run.py", command, ...flags],
          {
            cwd,
            env: { ...(await pulumiEnvironment(await findPulumi(() => undefined))), ...place.env },
          },
        );
        return { code, said: stdout + stderr };
      },
    };
  };
  return { folder, pulumi, write, yaml, python, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** @returns the PATH with the hosts of YAML and Python; a CLI that was built has none. */
export async function languageHosts(): Promise<{ PATH: string }> {
  const { command, source } = await findPulumi(() => undefined);
  const hosts = source === "built from Go modules" ? [await ensureGroup("pulumi-languages", { log: console.log })] : [];
  return { PATH: [dirname(command), process.env.PATH, ...hosts].join(delimiter) };
}
