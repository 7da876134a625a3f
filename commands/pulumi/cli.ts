import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { satisfies } from "semver";
import { builtGroup, ensureGroup } from "../../toolchain";
import { pulumiVersion } from "../../toolchain/binaries/goMod";
import { tryRun } from "../../toolchain/system/run";
import { findOnPath } from "../shared/findOnPath";
import { projectFolder } from "../session/stackFiles";

/**
 * Versions of the Pulumi CLI that suit. Older ones were never tried, and the next major version may change its commands
 * and its state.
 */
const supportedVersions = ">=3.224.0 <4.0.0";

/** Seconds that the npm package `pulumi` may take to download the CLI on its first use. */
const downloadSeconds = 300;

/** A Pulumi CLI that answers and suits. */
export interface PulumiCli {
  /** Path of the command. */
  command: string;
  /** As `pulumi version` prints it. */
  version: string;
  source: "PATH" | "npm package pulumi" | "built from Go modules";
}

/** @returns whether a version that `pulumi version` printed suits. */
export function isSupported(version: string): boolean {
  return satisfies(version.trim(), supportedVersions, { includePrerelease: true });
}

/**
 * Finds a Pulumi CLI: on PATH; by the npm package `pulumi`, which downloads it; else one that is built from Go modules.
 * What is on this machine already is taken before anything is downloaded or built.
 * @param log Takes a line when something is passed over, downloaded or built.
 * @throws Error if there is none, and none can be downloaded or built.
 */
export async function findPulumi(log: (line: string) => void): Promise<PulumiCli> {
  return (await presentPulumi(log)) ?? (await download(log)) ?? (await build(log));
}

/**
 * @returns the Pulumi CLI that is on this machine already, in the order of {@link findPulumi}. Downloads and builds
 * nothing.
 */
export async function presentPulumi(log: (line: string) => void): Promise<PulumiCli | undefined> {
  return (await onPath(log)) ?? (await downloaded()) ?? built();
}

async function onPath(log: (line: string) => void): Promise<PulumiCli | undefined> {
  const command = findOnPath("pulumi", (folder) => folder.endsWith(join("node_modules", ".bin")));
  const version = command === undefined ? undefined : await versionOf(command);
  if (command === undefined || version === undefined) {
    return undefined;
  }
  if (!isSupported(version)) {
    log(`${command} is version ${version}; ${supportedVersions} is needed, so another Pulumi CLI is used`);
    return undefined;
  }
  return { command, version, source: "PATH" };
}

/** @returns the CLI that the npm package has downloaded before; see its lib/cache.js. */
async function downloaded(): Promise<PulumiCli | undefined> {
  const wanted = packageVersion();
  if (wanted === undefined) {
    return undefined;
  }
  const home = process.env.PULUMI_HOME || join(homedir(), ".pulumi");
  const command = join(home, "versions", wanted, "bin", "pulumi");
  const version = existsSync(command) ? await versionOf(command) : undefined;
  return version === undefined ? undefined : { command, version, source: "npm package pulumi" };
}

async function download(log: (line: string) => void): Promise<PulumiCli | undefined> {
  const script = join(projectFolder, "node_modules", ".bin", "pulumi");
  if (!existsSync(script)) {
    return undefined;
  }
  log("there is no Pulumi CLI on PATH: the npm package pulumi downloads one");
  const why = await tryRun(script, ["version"], { timeoutMs: downloadSeconds * 1000 }).then(
    ({ code, stderr }) => (code === 0 ? undefined : stderr.trim().split("\n").at(-1)),
    (error: Error) => error.message,
  );
  const cli = await downloaded();
  if (cli === undefined) {
    log(`the npm package pulumi could not download it: ${why ?? "its download is not where it was expected"}`);
  }
  return cli;
}

/** @returns the CLI that was built before. */
function built(): PulumiCli | undefined {
  const folders = [builtGroup("pulumi"), builtGroup("pulumi-kubernetes")];
  return folders[0] && folders[1] ? ofBuild(folders[0]) : undefined;
}

async function build(log: (line: string) => void): Promise<PulumiCli> {
  if (findOnPath("go") === undefined) {
    throw new Error(
      "there is no Pulumi CLI: none on PATH, none could be downloaded, and there is no Go to build one. " +
        "Install Pulumi (https://www.pulumi.com/docs/install), or Go 1.26 or newer (https://go.dev/dl)",
    );
  }
  log("the Pulumi CLI and its Kubernetes provider are built from Go modules, once");
  const [folder] = await Promise.all([ensureGroup("pulumi", { log }), ensureGroup("pulumi-kubernetes", { log })]);
  return ofBuild(folder);
}

function ofBuild(folder: string): PulumiCli {
  return { command: join(folder, "pulumi"), version: pulumiVersion(), source: "built from Go modules" };
}

async function versionOf(command: string): Promise<string | undefined> {
  const { code, stdout } = await tryRun(command, ["version"], { env: { PULUMI_SKIP_UPDATE_CHECK: "true" } });
  return code === 0 ? stdout.trim() : undefined;
}

/** @returns the version of the npm package `pulumi` that is installed, which is that of the CLI it downloads. */
function packageVersion(): string | undefined {
  const file = join(projectFolder, "node_modules", "pulumi", "package.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version : undefined;
}
