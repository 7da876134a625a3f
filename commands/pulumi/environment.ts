import { randomBytes, randomUUID } from "node:crypto";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { builtGroup } from "../../toolchain";
import { providerVersions } from "../../toolchain/binaries/goMod";
import { tryRun } from "../../toolchain/system/run";
import { projectFolder } from "../session/stackFiles";
import { privateFolder, userFolder } from "../session/userFolder";
import type { PulumiCli } from "./cli";

/** Folder of the state of a user who is not logged in to a backend. */
export const ownBackend = join(userFolder, "pulumi");

/** The same, as the CLI names it. */
export const ownBackendUrl = `file://${ownBackend}`;

/** PULUMI_HOME of a CLI that was built here: its plugins are not for other projects. */
const builtHome = join(userFolder, "pulumi-home");

/**
 * @returns the environment that the CLI needs besides this process's. What is set already stays. A user who is logged
 * in, or names a backend, keeps it; others get a local backend, and a passphrase that is generated once.
 * @throws Error if PULUMI_HOME is set and has no plugins for a CLI that was built here.
 */
export async function pulumiEnvironment(
  cli: PulumiCli,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Record<string, string>> {
  const own: Record<string, string> = {
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // A change by hand makes its tool the manager of the field; server-side apply puts the stack's value back only if
    // it is forced to.
    ...(env.PULUMI_K8S_ENABLE_PATCH_FORCE === undefined && { PULUMI_K8S_ENABLE_PATCH_FORCE: "true" }),
    ...homeOf(cli, env),
  };
  const loggedIn = mayBeLoggedIn({ ...env, ...own }) && (await isLoggedIn(cli, own));
  if (env.PULUMI_BACKEND_URL === undefined && !loggedIn) {
    privateFolder("pulumi");
    own.PULUMI_BACKEND_URL = ownBackendUrl;
  }
  return { ...own, ...passphraseOf(env) };
}

/** @returns the passphrase for an environment that has none: one that is generated once. */
export function passphraseOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return env.PULUMI_CONFIG_PASSPHRASE === undefined && env.PULUMI_CONFIG_PASSPHRASE_FILE === undefined
    ? { PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile() }
    : {};
}

/**
 * @returns the folder of the CLI for PATH. That of a build has plugins, too, which Pulumi would take from PATH with a
 * warning.
 */
export function commandFolder({ command, source }: PulumiCli): string {
  return source === "built from Go modules" ? join(builtHome, "bin") : dirname(command);
}

/** @returns where a CLI that was built here keeps its plugins and finds the user's login; nothing for any other CLI. */
export function homeOf(cli: PulumiCli, env: NodeJS.ProcessEnv): Record<string, string> {
  if (cli.source !== "built from Go modules") {
    return {};
  }
  const home = env.PULUMI_HOME ?? builtHome;
  linkPlugins();
  if (home !== builtHome) {
    const missing = plugins().filter(({ folder }) => !existsSync(join(home, "plugins", folder)));
    if (missing.length > 0) {
      throw new Error(
        `PULUMI_HOME is ${home}, where the plugins ${missing.map(({ folder }) => folder).join(", ")} are missing: ` +
          "unset PULUMI_HOME, or install them there",
      );
    }
  }
  return {
    PULUMI_HOME: home,
    // They can't be downloaded where the CLI could not, and to try takes long.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    ...(env.PULUMI_CREDENTIALS_PATH === undefined && { PULUMI_CREDENTIALS_PATH: join(homedir(), ".pulumi") }),
  };
}

/** @returns the plugins that are built here: the folder that Pulumi looks for, and the program in it. */
function plugins(): { folder: string; program: string }[] {
  const of = (name: "kubernetes" | "random", group: "pulumi" | "pulumi-kubernetes") => ({
    folder: `resource-${name}-v${providerVersions[name]}`,
    program: join(builtGroup(group) ?? "", `pulumi-resource-${name}`),
  });
  return [of("kubernetes", "pulumi-kubernetes"), of("random", "pulumi")];
}

/** Puts the plugins where the CLI looks for them, and CLI and language host into one folder for PATH. */
function linkPlugins(): void {
  privateFolder("pulumi-home");
  for (const { folder, program } of plugins()) {
    link(program, join(builtHome, "plugins", folder));
  }
  for (const program of ["pulumi", "pulumi-language-nodejs"]) {
    link(join(builtGroup("pulumi") ?? "", program), join(builtHome, "bin"));
  }
}

function link(program: string, folder: string): void {
  const at = join(folder, program.slice(dirname(program).length + 1));
  try {
    if (readlinkSync(at) === program) {
      return;
    }
  } catch {
    // It is not there yet.
  }
  mkdirSync(folder, { recursive: true });
  rmSync(at, { force: true });
  unlessThere(() => symlinkSync(program, at));
}

/**
 * @returns the file of a passphrase that is generated once. Of two runs that generate one at the same time, one wins.
 */
export function passphraseFile(): string {
  const file = join(privateFolder(), "passphrase");
  if (!existsSync(file)) {
    // The link makes it appear complete, or fails because another run was quicker.
    const own = `${file}.${randomUUID()}`;
    writeFileSync(own, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
    unlessThere(() => linkSync(own, file));
    rmSync(own);
  }
  return file;
}

function unlessThere(make: () => void): void {
  try {
    make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
  }
}

/** @returns false if the user can't be logged in, which saves a start of the CLI. */
export function mayBeLoggedIn(env: NodeJS.ProcessEnv, folder = projectFolder): boolean {
  const home = env.PULUMI_CREDENTIALS_PATH ?? env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  const hasBackend = /^backend:/m.test(readFileSync(join(folder, "Pulumi.yaml"), "utf8"));
  return hasBackend || env.PULUMI_ACCESS_TOKEN !== undefined || existsSync(join(home, "credentials.json"));
}

async function isLoggedIn(cli: PulumiCli, env: NodeJS.ProcessEnv): Promise<boolean> {
  return (await tryRun(cli.command, ["whoami", "--non-interactive"], { env })).code === 0;
}
