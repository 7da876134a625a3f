import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { tryRun } from "../toolchain/system/run";
import { projectFolder } from "./stackFiles";

/** Seconds that the npm package `pulumi` may take to fetch the CLI on its first use. */
const downloadSeconds = 300;

/** Folder of what this project keeps about a user: state of local stacks, and their passphrase. */
export const userFolder = join(process.env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "sidecar-mesh");

/** Folder of the state of whoever is not logged in to a backend. */
export const ownBackend = join(userFolder, "pulumi");

/** The same, as the CLI names it. */
export const ownBackendUrl = `file://${ownBackend}`;

/** A Pulumi CLI that answers. */
export interface PulumiCli {
  /** Path or name of the command. */
  command: string;
  version: string;
  /** Where it was found. */
  source: "PATH" | "npm package pulumi";
}

/** @returns the path of a command, as a shell finds it; npm's own links are passed over if `skip` says so. */
export function findOnPath(command: string, skip: (folder: string) => boolean = () => false): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "" && !skip(folder));
  return folders.map((folder) => join(folder, command)).find(isExecutable);
}

/**
 * Finds a Pulumi CLI: on PATH, or the npm package `pulumi`, which downloads it the first time.
 * @param log Told when a download starts, and why it failed.
 */
export async function findPulumi(log: (line: string) => void): Promise<PulumiCli | undefined> {
  const onPath = findOnPath("pulumi", (folder) => folder.endsWith(join("node_modules", ".bin")));
  if (onPath) {
    const { code, stdout } = await tryRun(onPath, ["version"]);
    if (code === 0) {
      return { command: onPath, version: stdout.trim(), source: "PATH" };
    }
  }
  const packaged = join(projectFolder, "node_modules", ".bin", "pulumi");
  if (!existsSync(packaged)) {
    return undefined;
  }
  log("looking for the Pulumi CLI: none on PATH, asking the npm package pulumi (it downloads the CLI on first use)");
  try {
    const { code, stdout, stderr } = await tryRun(packaged, ["version"], { timeoutMs: downloadSeconds * 1000 });
    if (code === 0) {
      return { command: packaged, version: stdout.trim(), source: "npm package pulumi" };
    }
    log(`the npm package pulumi could not get it: ${stderr.trim().split("\n").at(-1)}`);
  } catch (error) {
    log(`the npm package pulumi could not get it: ${error instanceof Error ? error.message : String(error)}`);
  }
  return undefined;
}

/**
 * @returns the environment for the CLI. Whoever is logged in, or names a backend, keeps it; everyone else gets a local backend and a
 * passphrase that is generated once, so that nothing has to be set up and secrets are still encrypted.
 */
export async function pulumiEnvironment(
  cli: PulumiCli,
  env: NodeJS.ProcessEnv = process.env,
): Promise<NodeJS.ProcessEnv> {
  const own: NodeJS.ProcessEnv = { PULUMI_SKIP_UPDATE_CHECK: "true" };
  if (env.PULUMI_BACKEND_URL === undefined && !(mayBeLoggedIn(env) && (await isLoggedIn(cli)))) {
    mkdirSync(ownBackend, { recursive: true, mode: 0o700 });
    own.PULUMI_BACKEND_URL = ownBackendUrl;
  }
  if (env.PULUMI_CONFIG_PASSPHRASE === undefined && env.PULUMI_CONFIG_PASSPHRASE_FILE === undefined) {
    const file = join(userFolder, "passphrase");
    if (!existsSync(file)) {
      mkdirSync(userFolder, { recursive: true, mode: 0o700 });
      writeFileSync(file, randomBytes(24).toString("base64url"), { mode: 0o600 });
    }
    own.PULUMI_CONFIG_PASSPHRASE_FILE = file;
  }
  return own;
}

/** @returns false if nobody can be logged in, which spares asking the CLI: it would only start to look for the same. */
export function mayBeLoggedIn(env: NodeJS.ProcessEnv, folder = projectFolder): boolean {
  const home = env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  const hasBackend = /^backend:/m.test(readFileSync(join(folder, "Pulumi.yaml"), "utf8"));
  return hasBackend || env.PULUMI_ACCESS_TOKEN !== undefined || existsSync(join(home, "credentials.json"));
}

async function isLoggedIn(cli: PulumiCli): Promise<boolean> {
  return (await tryRun(cli.command, ["whoami", "--non-interactive"])).code === 0;
}

/**
 * Runs the CLI and shows what it prints, on standard error so that standard output stays ours.
 * @throws Error if it fails; the CLI has then said why.
 */
export async function runPulumi(cli: PulumiCli, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(cli.command, [...args, "--non-interactive"], {
    cwd: projectFolder,
    env: { ...process.env, ...env },
    stdio: ["ignore", process.stderr, process.stderr],
  });
  // Ctrl-C goes to the CLI as well, which then ends what it is at and writes its state: that is waited for.
  const stay = () => undefined;
  process.on("SIGINT", stay);
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve)).finally(() =>
    process.off("SIGINT", stay),
  );
  if (code !== 0) {
    throw new Error(`pulumi ${args[0]} ended with exit code ${String(code)}`);
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
