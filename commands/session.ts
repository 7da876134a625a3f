import { existsSync } from "node:fs";
import { expectedInfo, sandboxInfo, up as sandboxUp } from "../sandbox";
import type { SandboxInfo } from "../sandbox";
import { sandboxContext } from "../stacks/cluster";
import { parseConfig } from "../stacks/config";
import { isObject } from "../stacks/configReader";
import { kubeconfigFiles, readKubeconfig } from "../stacks/kubeconfig";
import { createCluster } from "./createCluster";
import type { Flags } from "./flags";
import { UsageError } from "./flags";
import { findOnPath } from "./pulumiCli";
import { addWantedImages } from "./sandboxImages";
import { asProgramConfig, readProject, readStackFile, stackFile, withSettings } from "./stackFiles";
import { chooseTarget } from "./target";

/** What a run is about: a stack, its cluster, and the config that this run adds. */
export interface Session {
  stack: string;
  /** Config set for this run, on top of the stack file; keys may leave out our namespace. */
  settings: Record<string, string>;
  /** Path of the kubeconfig, and context in it. */
  kubeconfig?: string;
  context: string;
  /** The helm command, for the way that needs one. */
  helm: string;
  /**
   * Settles once the cluster is there, or can't be had. The embedded one, if it runs, is looked over at each start; meanwhile it can be
   * worked out what is to be applied.
   */
  ready: Promise<void>;
}

/**
 * Decides stack and cluster, and says what it decided.
 * @param start Start or create the cluster if it is not there.
 */
export async function openSession(flags: Flags, log: (line: string) => void, start: boolean): Promise<Session> {
  const project = readProject();
  const flagSettings = Object.fromEntries(flags.config.map((setting) => splitSetting(setting)));
  const ownKey = (key: string) => flagSettings[key] ?? flagSettings[`${project.name}:${key}`];
  const configOf = (stack: string | undefined, key: string) => {
    const config =
      stack === undefined ? undefined : (readStackFile(stack).config as Record<string, unknown> | undefined);
    const value = ownKey(key) ?? config?.[`${project.name}:${key}`];
    return typeof value === "string" && value !== "" && value !== "auto" ? value : undefined;
  };
  if (flags.stack !== undefined && !existsSync(stackFile(flags.stack))) {
    throw new UsageError(`--stack ${flags.stack}: there is no Pulumi.${flags.stack}.yaml; copy Pulumi.dev.yaml to it`);
  }

  const kubeconfig = flags.kubeconfig ?? configOf(flags.stack, "kubeconfig");
  const target = chooseTarget(flags, {
    kubeconfig: readKubeconfig(kubeconfigFiles(kubeconfig)),
    tools: { kind: findOnPath("kind") !== undefined, minikube: findOnPath("minikube") !== undefined },
    configContext: configOf(flags.stack, "kubeContext"),
  });

  if (start) {
    checkConfig(flags.stack ?? (target.kind === "sandbox" ? "sandbox" : "dev"), flagSettings, project);
  }
  if (target.kind === "sandbox") {
    const stack = flags.stack ?? "sandbox";
    log(`cluster: the embedded one (${target.why}); stack: ${stack}`);
    const info = expectedInfo();
    const isMissing = start && (await sandboxInfo()) === undefined;
    const ready = start ? startSandbox(stack, flagSettings, project, log) : Promise.resolve();
    if (isMissing) {
      // Its kubeconfig and charts, which the config names, may not be there before.
      await ready;
    }
    // Whoever needs the cluster waits for it, and hears of its failure then.
    ready.catch(() => undefined);
    return {
      stack,
      settings: { ...sandboxSettings(info), ...flagSettings },
      kubeconfig: info.kubeconfig,
      context: sandboxContext,
      helm: `${info.binDir}/helm`,
      ready,
    };
  }

  const stack = flags.stack ?? "dev";
  log(
    `cluster: ${target.kind === "context" ? target.context : `a new one, by ${target.tool}`} (${target.why}); stack: ${stack}`,
  );
  const context = target.kind === "context" ? target.context : await createCluster(target.tool, flags.yes);
  return {
    stack,
    settings: { ...(kubeconfig && { kubeconfig }), kubeContext: context, ...flagSettings },
    kubeconfig,
    context,
    helm: "helm",
    ready: Promise.resolve(),
  };
}

/** Starts the embedded cluster if need be, with the images that the stack's config asks for. */
async function startSandbox(
  stack: string,
  settings: Record<string, string>,
  project: ReturnType<typeof readProject>,
  log: (line: string) => void,
): Promise<void> {
  await sandboxUp({ log });
  const { config = {} } = readStackFile(stack) as { config?: Record<string, unknown> };
  const all = withSettings(config, settings, project);
  const wanted = ["services", "istioCni"].map((key) => [key, all[`${project.name}:${key}`]]);
  await addWantedImages(Object.fromEntries(wanted) as Record<string, unknown>, log);
}

/** @returns the config that a stack needs to go to the embedded cluster. */
export function sandboxSettings(info: SandboxInfo): Record<string, string> {
  return {
    kubeconfig: info.kubeconfig,
    kubeContext: sandboxContext,
    istioCharts: info.chartsFolder,
    istioHub: info.hub,
    istioTag: info.tag,
    podLogsFolder: info.podLogsFolder,
    istioCniBinFolder: info.cniBinFolder,
    istioCniConfFolder: info.cniConfFolder,
  };
}

/** Refuses bad config before a cluster is built for it. What this run adds itself, such as paths of the cluster, comes later. */
function checkConfig(stack: string, settings: Record<string, string>, project: ReturnType<typeof readProject>): void {
  const { config = {} } = readStackFile(stack) as { config?: Record<string, unknown> };
  // Only the Pulumi CLI can read a secret.
  const readable = Object.fromEntries(
    Object.entries(config).filter(([, value]) => !(isObject(value) && "secure" in value)),
  );
  parseConfig(asProgramConfig(withSettings(readable, settings, project), project));
}

/** @returns key and value of a --config flag. */
export function splitSetting(setting: string): [string, string] {
  const at = setting.indexOf("=");
  return [setting.slice(0, at), setting.slice(at + 1)];
}
