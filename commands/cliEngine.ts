import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { packConfigOf } from "../policy/packConfig";
import type { Settings } from "../policy/settings";
import type { StackOutput } from "../toolchain/applier/inventory";
import type { KubeClient } from "../cluster/kubeClient";
import { run, tryRun } from "../toolchain/system/run";
import type { ChangeOptions } from "./cliArgs";
import { changeArgs, packArgs } from "./cliArgs";
import type { PulumiCli } from "./pulumiCli";
import { ownBackend, ownBackendUrl, pulumiEnvironment, runPulumi, userFolder } from "./pulumiCli";
import { recover, runVariable } from "./recovery/recovery";
import { RunRecords } from "./recovery/runRecord";
import type { Session } from "./session";
import { projectFolder, readProject, readStackFile, stackFile, stackYaml, withSettings } from "./stackFiles";

/** How an update is made. */
export interface UpOptions extends Pick<ChangeOptions, "refresh" | "expectNoChanges"> {
  /** Preview first, with the policy pack, and stop at what it forbids. Default false: whoever calls has asked the policies. */
  askPack?: boolean;
}

/** Applies and removes the stack with the Pulumi CLI. */
export class CliEngine {
  private constructor(
    private readonly cli: PulumiCli,
    private readonly session: Pick<Session, "stack">,
    private readonly env: NodeJS.ProcessEnv,
    /** Where the config of this run lies. */
    readonly configFile: string,
    /** Where the policies' config of this run lies, if it has one. */
    private readonly packConfig?: string,
  ) {}

  /**
   * Writes the config of this run and selects the stack, creating it if need be.
   * @param policySettings Of the policies; what is left out is up to the pack.
   */
  static async open(
    cli: PulumiCli,
    session: Pick<Session, "stack" | "settings">,
    policySettings: Partial<Settings> = {},
  ): Promise<CliEngine> {
    const env = await pulumiEnvironment(cli);
    const created = await createStack(cli, session.stack, env);
    const packConfig = writePackConfig(session.stack, policySettings);
    return new CliEngine(cli, session, env, writeConfig(session, created), packConfig);
  }

  /**
   * `pulumi up`, after what an earlier run left half done is mended.
   * @param client Of the cluster that the stack goes to.
   * @returns the outputs.
   */
  async up(
    client: KubeClient,
    log: (line: string) => void,
    { askPack = false, ...options }: UpOptions = {},
  ): Promise<Record<string, StackOutput>> {
    await this.change("up", client, log, { ...options, ...(askPack && { pack: { config: this.packConfig } }) });
    return this.outputs();
  }

  /** `pulumi stack output`. @returns the outputs; secrets are not asked for. */
  async outputs(): Promise<Record<string, StackOutput>> {
    const shown = await run(this.cli.command, ["stack", "output", "--json", ...this.stackFlags], {
      cwd: projectFolder,
      env: this.env,
    });
    const outputs = JSON.parse(shown) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(outputs).map(([name, value]) => [name, { value, secret: value === "[secret]" }]),
    );
  }

  /** `pulumi preview` with the policy pack. @returns whether it passed, and what it said. */
  async preview(): Promise<{ passed: boolean; said: string }> {
    const flags = [...packArgs(this.packConfig), "--color", "never", "--non-interactive"];
    const { code, stdout, stderr } = await tryRun(
      this.cli.command,
      ["preview", ...flags, ...this.stackFlags, ...this.configFlag],
      { cwd: projectFolder, env: this.env },
    );
    return { passed: code === 0, said: [stdout.trim(), stderr.trim()].filter((text) => text !== "").join("\n") };
  }

  /** `pulumi destroy`, after what an earlier run left half done is mended. */
  async down(client: KubeClient, log: (line: string) => void): Promise<void> {
    await this.change("destroy", client, log);
  }

  private async change(
    command: "up" | "destroy",
    client: KubeClient,
    log: (line: string) => void,
    options: ChangeOptions = {},
  ): Promise<void> {
    const records = new RunRecords(join(userFolder, "runs", `${this.session.stack}.json`));
    const backend = this.env.PULUMI_BACKEND_URL ?? process.env.PULUMI_BACKEND_URL;
    const place = {
      backend: backend ?? (await this.pulumi(["whoami", "--verbose"], [])),
      cluster: client.kubeConfig.getCurrentCluster()?.server ?? "",
    };
    const mended = await recover({
      project: readProject().name,
      stack: this.session.stack,
      ownBackend: backend === ownBackendUrl ? ownBackend : undefined,
      place,
      records,
      client,
      pulumi: (args, { config = false, input } = {}) =>
        this.pulumi(args, [...this.stackFlags, ...(config ? this.configFlag : [])], input),
      log,
    });
    records.begin(place);
    try {
      const args = changeArgs(command, { ...options, refresh: mended || options.refresh });
      await runPulumi(this.cli, [...args, ...this.stackFlags, ...this.configFlag], {
        ...this.env,
        [runVariable]: records.file,
      });
    } catch (error) {
      records.fail();
      throw error;
    }
    records.end();
  }

  private pulumi(args: readonly string[], flags: readonly string[], input?: string): Promise<string> {
    return run(this.cli.command, [...args, ...flags, "--non-interactive"], {
      cwd: projectFolder,
      env: this.env,
      input,
    });
  }

  private get stackFlags(): string[] {
    return ["--stack", this.session.stack];
  }

  private get configFlag(): string[] {
    return ["--config-file", this.configFile];
  }
}

/**
 * Creates the stack unless the backend has it. `pulumi stack init` writes what decrypts the stack's secrets into the stack's file and
 * can't be told to use another one; so it is told of another project folder.
 * @returns what Pulumi wrote into the file.
 */
async function createStack(cli: PulumiCli, stack: string, env: NodeJS.ProcessEnv): Promise<Record<string, unknown>> {
  if (await hasStack(cli, stack, env)) {
    return {};
  }
  const folder = mkdtempSync(join(tmpdir(), "sidecar-mesh-"));
  try {
    copyFileSync(join(projectFolder, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    if (existsSync(stackFile(stack))) {
      copyFileSync(stackFile(stack), stackFile(stack, folder));
    }
    await runPulumi(cli, ["stack", "init", stack, "--no-select", "--cwd", folder], env);
    const { config: _, ...written } = readStackFile(stack, folder);
    return written;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface StackSummary {
  name: string;
}

async function hasStack(cli: PulumiCli, stack: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  // In our own backend a stack is a file; to look spares a start of the CLI.
  const file = join(ownBackend, ".pulumi", "stacks", readProject().name, `${stack}.json`);
  if (env.PULUMI_BACKEND_URL === ownBackendUrl && existsSync(file)) {
    return true;
  }
  const known = JSON.parse(
    await run(cli.command, ["stack", "ls", "--json"], { cwd: projectFolder, env }),
  ) as StackSummary[];
  return known.some(({ name }) => name.split("/").at(-1) === stack);
}

/** Writes the policies' config of this run, in Pulumi's format. @returns its path; none if nothing is set. */
function writePackConfig(stack: string, settings: Partial<Settings>): string | undefined {
  const config = packConfigOf(settings);
  if (Object.keys(config).length === 0) {
    return undefined;
  }
  const file = join(configFolder(), `policies.${stack}.json`);
  writeFileSync(file, JSON.stringify(config, undefined, 2), { mode: 0o600 });
  return file;
}

/** @returns the folder of what only a run on this machine is told. */
function configFolder(): string {
  const folder = join(userFolder, "config");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/**
 * Writes the config of this run: the stack's own, and what only this run adds, such as paths of this machine. The copy keeps what Pulumi
 * wrote into it earlier, which it needs to decrypt secrets.
 */
function writeConfig(
  { stack, settings }: Pick<Session, "stack" | "settings">,
  created: Record<string, unknown>,
): string {
  const file = join(configFolder(), `Pulumi.${stack}.yaml`);
  const own = readStackFile(stack);
  const earlier = existsSync(file) ? (parse(readFileSync(file, "utf8")) as Record<string, unknown>) : {};
  const config = withSettings((own.config ?? {}) as Record<string, unknown>, settings, readProject());
  writeFileSync(file, stackYaml({ ...earlier, ...created, ...own, config }), { mode: 0o600 });
  return file;
}
