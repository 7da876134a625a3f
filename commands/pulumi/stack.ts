import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { packConfigOf, type Settings } from "../../policy/settings";
import { run, tryRun } from "../../toolchain/system/run";
import type { Session } from "../session/session";
import { projectFolder, readProject, readStackFile, stackFile, stackYaml, withSettings } from "../session/stackFiles";
import { privateFolder } from "../session/userFolder";
import { withTemporaryFolder } from "../shared/temporaryFolder";
import { type UpdateOptions, destroyArgs, packArgs, previewArgs, upArgs } from "./args";
import type { PulumiCli } from "./cli";
import { ownBackend, ownBackendUrl, pulumiEnvironment } from "./environment";
import { type EngineReport, type StateResource, readEventLog } from "./events";
import { FailedError, interruptible, runPulumi } from "./process";

/** What `pulumi stack export` prints. */
export interface ExportedStack {
  version: number;
  deployment: {
    /** When the state was last written. */
    manifest?: { time?: string };
    resources?: StateResource[];
    /** What the CLI was at when it was killed: creating, updating, deleting, reading, importing. */
    pending_operations?: { type: string; resource: StateResource }[];
  } | null;
}

/** What a stack is opened with. */
export interface StackOptions {
  /** Settings of the policies; what is left out is up to the pack. */
  policySettings?: Partial<Settings>;
  /** Folder of the program. Default: this project's. */
  folder?: string;
  /** Environment of the CLI. Default: see {@link pulumiEnvironment}. */
  env?: NodeJS.ProcessEnv;
  /** Folder of the config of this run. Default: one of the user's. */
  configFolder?: string;
  /** Changes what is read from the stack's file. Default: nothing. */
  adapt?: (content: Record<string, unknown>) => Record<string, unknown>;
}

/** What a preview or an update came to. */
export interface TriedRun {
  report: EngineReport;
  passed: boolean;
  /** All that the CLI printed. */
  said: string;
  stdout: string;
}

/** A stack, and the Pulumi CLI that changes it. */
export class PulumiStack {
  private constructor(
    private readonly cli: PulumiCli,
    readonly name: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly folder: string,
    /** Where the config of this run lies. */
    readonly configFile: string,
    /** Where the policies' config of this run lies, if it has one. */
    private readonly packConfig?: string,
  ) {}

  /** Writes the config of this run, and creates the stack unless its backend has it. */
  static async open(
    cli: PulumiCli,
    session: Pick<Session, "stack" | "settings">,
    options: StackOptions = {},
  ): Promise<PulumiStack> {
    const { policySettings = {}, folder = projectFolder, configFolder = privateFolder("config") } = options;
    const env = options.env ?? (await pulumiEnvironment(cli));
    const own = (options.adapt ?? ((content) => content))(readStackFile(session.stack, folder));
    const created = await createStack(cli, session.stack, own, env, folder);
    const packConfig = writePackConfig(configFolder, session.stack, policySettings);
    return new PulumiStack(
      cli,
      session.stack,
      env,
      folder,
      writeConfig(configFolder, session, { ...created, ...own }, folder),
      packConfig,
    );
  }

  /** URL of the backend that keeps the state; undefined for the one that the user is logged in to. */
  get backendUrl(): string | undefined {
    return this.env.PULUMI_BACKEND_URL ?? process.env.PULUMI_BACKEND_URL;
  }

  /** `pulumi preview` with the policy pack, shown. @throws Error if it fails, or a policy forbids it. */
  preview(options: UpdateOptions = {}): Promise<EngineReport> {
    return this.watched(previewArgs(options, this.packConfig));
  }

  /** What has a preview ask the policy pack, with its config of this run. */
  get packFlags(): string[] {
    return packArgs(this.packConfig);
  }

  /** `pulumi preview`, not shown. @returns the engine's events, the CLI's output, and whether it passed. */
  tryPreview(flags: readonly string[]): Promise<TriedRun> {
    return this.tried(["preview", ...flags]);
  }

  /** `pulumi up` without the policy pack, not shown. */
  tryUp(): Promise<TriedRun> {
    return this.tried(["up", "--yes", "--skip-preview"]);
  }

  private tried(command: readonly string[]): Promise<TriedRun> {
    return withEventLog(async (file) => {
      const args = [...command, "--color", "never", "--event-log", file];
      const { code, stdout, stderr } = await interruptible(command[0]!, (started) =>
        tryRun(this.cli.command, [...args, ...this.flags, "--non-interactive"], {
          cwd: this.folder,
          env: { ...this.env, ...eventLogVariable },
          started,
        }),
      );
      const said = [stdout.trim(), stderr.trim()].filter((text) => text !== "").join("\n");
      return { report: readEventLog(file), passed: code === 0, said, stdout };
    });
  }

  /** `pulumi up` with the policy pack, shown. @param env Added to the CLI's environment. */
  up(options: UpdateOptions, env: NodeJS.ProcessEnv = {}): Promise<EngineReport> {
    return this.watched(upArgs(options, this.packConfig), env);
  }

  /** `pulumi destroy`, shown. @param env Added to the CLI's environment. */
  async destroy(options: Pick<UpdateOptions, "refresh">, env: NodeJS.ProcessEnv = {}): Promise<void> {
    await runPulumi(this.cli, [...destroyArgs(options), ...this.flags], { ...this.env, ...env }, this.folder);
  }

  /** `pulumi stack output`. @returns the outputs; secrets as `[secret]`. */
  async outputs(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.ask("stack", "output", "--json")) as Record<string, unknown>;
  }

  /** `pulumi stack export`. */
  async export(): Promise<ExportedStack> {
    return JSON.parse(await this.ask("stack", "export")) as ExportedStack;
  }

  /** `pulumi stack import`. */
  async import(state: ExportedStack): Promise<void> {
    await this.run(["stack", "import"], JSON.stringify(state));
  }

  /** `pulumi cancel`: removes the lock of a process that has ended. */
  async cancel(): Promise<void> {
    await this.ask("cancel", "--yes");
  }

  /** @returns a tag of the stack; undefined if it has none of that name. */
  async tag(name: string): Promise<string | undefined> {
    // In our own backend tags are a file; to look there saves a start of the CLI.
    if (this.backendUrl === ownBackendUrl) {
      const file = ownBackendFile(readProject(this.folder).name, `${this.name}.pulumi-tags`);
      const content = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { tags?: Tags }) : {};
      return content.tags?.[name];
    }
    return (JSON.parse(await this.ask("stack", "tag", "ls", "--json")) as Tags)[name];
  }

  /** Sets a tag of the stack, or removes it where the value is undefined. */
  async setTag(name: string, value: string | undefined): Promise<void> {
    await this.ask("stack", "tag", ...(value === undefined ? ["rm", name] : ["set", name, value]));
  }

  /** Which backend keeps the state; for comparison. */
  async backend(): Promise<string> {
    return this.backendUrl ?? (await run(this.cli.command, ["whoami", "--verbose"], { env: this.env }));
  }

  private ask(...args: string[]): Promise<string> {
    return this.run(args);
  }

  private run(args: readonly string[], input?: string): Promise<string> {
    return run(this.cli.command, [...args, "--stack", this.name, "--non-interactive"], {
      cwd: this.folder,
      env: this.env,
      input,
    });
  }

  private watched(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<EngineReport> {
    return withEventLog(async (file) => {
      const all = [...args, "--event-log", file, ...this.flags];
      try {
        await runPulumi(this.cli, all, { ...this.env, ...env, ...eventLogVariable }, this.folder);
      } catch (error) {
        throw error instanceof FailedError ? new FailedError(error.message, readEventLog(file)) : error;
      }
      return readEventLog(file);
    });
  }

  private get flags(): string[] {
    return ["--stack", this.name, "--config-file", this.configFile];
  }
}

/** What makes the CLI take --event-log; its Automation API sets it, too. */
const eventLogVariable = { PULUMI_DEBUG_COMMANDS: "true" };

function withEventLog<T>(use: (file: string) => Promise<T>): Promise<T> {
  return withTemporaryFolder((folder) => use(join(folder, "events.json")));
}

/**
 * Creates the stack unless the backend has it. `pulumi stack init` writes what decrypts the stack's secrets into the
 * stack's file and takes no other file; so it runs in another folder.
 * @param own What the stack's file has.
 * @returns what Pulumi wrote into the file.
 */
async function createStack(
  cli: PulumiCli,
  stack: string,
  own: Record<string, unknown>,
  env: NodeJS.ProcessEnv,
  project: string,
): Promise<Record<string, unknown>> {
  if (await hasStack(cli, stack, env, project)) {
    return {};
  }
  return withTemporaryFolder(async (folder) => {
    copyFileSync(join(project, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    writeFileSync(stackFile(stack, folder), stackYaml(own), { mode: 0o600 });
    await run(cli.command, ["stack", "init", stack, "--no-select", "--cwd", folder, "--non-interactive"], { env });
    const { config: _, ...written } = readStackFile(stack, folder);
    return written;
  });
}

type Tags = Record<string, string>;

/** @returns the path of what our own backend keeps of a stack. */
function ownBackendFile(project: string, name: string): string {
  return join(ownBackend, ".pulumi", "stacks", project, name);
}

interface StackSummary {
  name: string;
}

async function hasStack(cli: PulumiCli, stack: string, env: NodeJS.ProcessEnv, project: string): Promise<boolean> {
  // In our own backend a stack is a file; to look there saves a start of the CLI.
  const file = ownBackendFile(readProject(project).name, `${stack}.json`);
  if (env.PULUMI_BACKEND_URL === ownBackendUrl && existsSync(file)) {
    return true;
  }
  const listed = await run(cli.command, ["stack", "ls", "--json", "--non-interactive"], { cwd: project, env });
  return (JSON.parse(listed) as StackSummary[]).some(({ name }) => name.split("/").at(-1) === stack);
}

/** Writes the policies' config of this run, in Pulumi's format. @returns its path; none if nothing is set. */
function writePackConfig(folder: string, stack: string, settings: Partial<Settings>): string | undefined {
  const config = packConfigOf(settings);
  if (Object.keys(config).length === 0) {
    return undefined;
  }
  const file = join(folder, `policies.${stack}.json`);
  writeFileSync(file, JSON.stringify(config, undefined, 2), { mode: 0o600 });
  return file;
}

/**
 * Writes the config of this run: the stack's own, and what only this run adds. The copy keeps what Pulumi wrote into it
 * earlier, which it needs to decrypt secrets.
 */
function writeConfig(
  folder: string,
  { stack, settings }: Pick<Session, "stack" | "settings">,
  own: Record<string, unknown>,
  project: string,
): string {
  const file = join(folder, `Pulumi.${stack}.yaml`);
  const earlier = existsSync(file) ? (parse(readFileSync(file, "utf8")) as Record<string, unknown>) : {};
  const config = withSettings((own.config ?? {}) as Record<string, unknown>, settings, readProject(project));
  writeFileSync(file, stackYaml({ ...earlier, ...own, config }), { mode: 0o600 });
  return file;
}
