import { existsSync } from "node:fs";
import {
  addObservability,
  downloadGroupsAhead,
  expectedInfo,
  unbuiltGroups,
  up as sandboxUp,
  type ObservabilityGroup,
  addIstioCni,
  addRateLimit,
  addZipkin,
  observabilityGroups,
} from "../../toolchain";
import { parseConfig, type StackConfig } from "../../stacks/config";
import { ConfigError } from "../../stacks/configError";
import { gatewayLeadsNowhere } from "../../stacks/gatewayConfig";
import { kubeconfigFiles, kubeconfigPaths, readKubeconfig } from "../../stacks/kubeconfig";
import { askServer } from "./askServer";
import { checkContext, checkSandbox } from "./checkCluster";
import { agreeToMake } from "./agreeToMake";
import { availableTools, ensureCluster, madeContexts } from "./createCluster";
import { embeddedSettings, embeddedStack, isEmbeddedKubeconfig, settingsBeforeStart } from "./embeddedConfig";
import { type Flags, UsageError } from "../shared/flags";
import { neededForTraffic, type Watched } from "../up/firstUpdate";
import {
  asProgramConfig,
  asText,
  holdsSecret,
  projectFolder,
  readProject,
  readStackFile,
  stackFile,
  withSettings,
} from "./stackFiles";
import { type Surroundings, type Target, chooseTarget, namedTarget } from "./target";
import { noClusterAtAll } from "./noCluster";

/**
 * @returns the programs that observe a mesh or make its traffic, as far as the stack installs them: a first build of
 * one takes minutes. The bench of `npm run verify` makes fortio for itself.
 */
export function wantedPrograms({ services, load, observability }: Watched): ObservabilityGroup[] {
  const { metrics, tracing, logs } = observability;
  return [
    ...(load || services.some(({ calls }) => calls.length > 0) ? (["fortio"] as const) : []),
    ...(metrics.kind === "prometheus" ? (["prometheus"] as const) : []),
    ...(metrics.kind === "prometheus" && metrics.alerts?.kind === "alertmanager" ? (["alertmanager"] as const) : []),
    // A tracing backend that is built from Go has a group of its name.
    ...observabilityGroups.filter((name) => name === tracing.kind),
    // The collector's agents send logs to any backend.
    ...(logs.kind === "none" ? [] : (["otelcol"] as const)),
    ...(logs.kind === "loki" ? (["loki"] as const) : []),
  ];
}

/** Gives the embedded cluster the images that only some configurations need. */
async function addWantedImages(
  { rateLimit, istio, observability }: Pick<StackConfig, "rateLimit" | "istio" | "observability">,
  log: (line: string) => void,
): Promise<void> {
  if (rateLimit.limits.length > 0) {
    await addRateLimit({ log, redis: rateLimit.redis === undefined });
  }
  if (istio.cni) {
    await addIstioCni({ log });
  }
  if (observability.tracing.kind === "zipkin") {
    await addZipkin({ log });
  }
}

/** The stack of a cluster that is not the embedded one, unless a flag names another. */
const defaultStack = "dev";

/** What a run is about: a stack, its cluster, and the config that this run adds. */
export interface Session {
  stack: string;
  /** Config set for this run, on top of the stack file; keys may leave out our namespace. */
  settings: Record<string, string>;
  /** Path of the kubeconfig, and context in it. */
  kubeconfig?: string;
  context: string;
  /** Whether this is the embedded cluster. */
  embedded: boolean;
  /** Whether this project makes the cluster: one of that name is then never a stranger's. */
  ownCluster: boolean;
  /** Folder of the embedded cluster's kubectl, helm and istioctl. */
  binFolder?: string;
  /**
   * Settles once the cluster is there, or can't be had. The embedded one, if it runs, is looked over at each start;
   * meanwhile it can be worked out what is to be applied.
   */
  ready: Promise<void>;
  /** What is still missing in the embedded cluster once `ready` has settled. Undefined if nothing is. */
  later?: LaterPrograms;
}

/** Programs of the stack that no request needs, and that are not built yet. */
export interface LaterPrograms {
  programs: readonly ObservabilityGroup[];
  /** The stack's whole configuration. */
  config: StackConfig;
  /** Builds them, and gives them to the cluster. */
  make: () => Promise<void>;
}

/** How a session is opened. */
export interface SessionOptions {
  /** Start or make the cluster if it is not there. */
  start: boolean;
  /** Where the program is. Default: this project. */
  folder?: string;
  /** How an API server is asked whether it answers. Default {@link askServer}. */
  ask?: typeof askServer;
}

/**
 * Decides stack and cluster, says what it decided, and looks whether the cluster answers.
 * @throws UsageError if there is no such stack or context, and NoClusterError if there is no cluster and none is to be
 * made, or it does not answer within five seconds.
 */
export async function openSession(
  flags: Flags,
  log: (line: string) => void,
  { start, folder = projectFolder, ask = askServer }: SessionOptions,
): Promise<Session> {
  const project = readProject(folder);
  const flagSettings = Object.fromEntries(flags.config.map((setting) => splitSetting(setting)));
  checkFiles(flags, folder);
  const ownStack = flags.stack ?? defaultStack;
  const { config = {} } = readStackFile(ownStack, folder) as { config?: Record<string, unknown> };
  const configured = withSettings(config, flagSettings, project);
  const { kubeconfig, context: named } = namedCluster(flags, (key) => textOf(configured, `${project.name}:${key}`));
  const around = surroundings(kubeconfig, named, folder);
  const target = await findTarget(flags, around, { start, ask, log });

  const stack = flags.stack ?? stackOf(target);
  const checked = start
    ? checkConfig(stack, { ...settingsOf(target, folder), ...flagSettings }, project, folder)
    : undefined;
  if (target.kind === "sandbox") {
    log(`cluster: the embedded one (${target.why}); stack: ${stack}`);
    if (!start) {
      await checkSandbox(expectedInfo().kubeconfig, target.why, ask);
    }
    const settings = { ...embeddedSettings(folder), ...flagSettings };
    return { ...embeddedSession(stack, settings), ...(checked && startSandbox(checked, log)) };
  }

  const where = target.kind === "context" ? target.context : `${madeContexts[target.tool]}, by ${target.tool}`;
  log(`cluster: ${where} (${target.why}); stack: ${stack}`);
  const context = target.kind === "context" ? target.context : await madeCluster(target, flags, start);
  const by = flags.context === undefined ? "kubeContext" : "--context";
  await checkContext({ context, by, paths: kubeconfigPaths(kubeconfig) }, ask);
  return {
    stack,
    settings: { ...flagSettings, ...(kubeconfig && { kubeconfig }), kubeContext: context },
    kubeconfig,
    context,
    embedded: false,
    ownCluster: target.kind === "made",
    ready: Promise.resolve(),
  };
}

/** @returns what flags and config say of the cluster; a flag counts before config. */
function namedCluster(
  { kubeconfig, context, sandbox }: Flags,
  configOf: (key: string) => string | undefined,
): { kubeconfig?: string; context?: string } {
  return {
    kubeconfig: kubeconfig ?? configOf("kubeconfig"),
    context: sandbox ? undefined : (context ?? configOf("kubeContext")),
  };
}

/**
 * @returns the value of a key that says which cluster to use; undefined where it is not set.
 * @throws ConfigError for a secret: without it another cluster would be taken than the one that is meant.
 */
function textOf(config: Record<string, unknown>, key: string): string | undefined {
  const value = asText(key, config[key] ?? null);
  return value === "" || value === "auto" ? undefined : value;
}

/** @returns the session of the embedded cluster, as it is when the cluster runs. */
function embeddedSession(stack: string, settings: Record<string, string>): Session {
  const { kubeconfig, context, binDir } = expectedInfo();
  return {
    stack,
    settings,
    kubeconfig,
    context,
    embedded: true,
    ownCluster: true,
    binFolder: binDir,
    ready: Promise.resolve(),
  };
}

/** @throws UsageError if the stack that a flag names has no file. */
export function checkStackFlag(stack: string | undefined, folder = projectFolder): void {
  if (stack !== undefined && !existsSync(stackFile(stack, folder))) {
    throw new UsageError(`--stack ${stack}: there is no Pulumi.${stack}.yaml; copy Pulumi.dev.yaml to it`);
  }
}

/** @throws UsageError naming the flag whose file is not there. */
function checkFiles({ stack, kubeconfig }: Flags, folder: string): void {
  checkStackFlag(stack, folder);
  if (kubeconfig !== undefined && !existsSync(kubeconfig)) {
    throw new UsageError(`--kubeconfig ${kubeconfig}: there is no such file`);
  }
}

/** Looks at the kubeconfig. */
function surroundings(kubeconfig: string | undefined, configContext: string | undefined, folder: string): Surroundings {
  const files = kubeconfigFiles(kubeconfig);
  return { kubeconfig: readKubeconfig(files), embedded: isEmbeddedKubeconfig(files, folder), configContext };
}

/** Chooses the cluster: for a start one that may have to be made, which is agreed on first; else one that is there. */
async function findTarget(
  flags: Flags,
  around: Surroundings,
  { start, ask, log }: Required<Pick<SessionOptions, "start" | "ask">> & { log: (line: string) => void },
): Promise<Target> {
  const named = namedTarget(flags, around);
  if (!start) {
    const target = named ?? chooseTarget(flags, around);
    if (named === undefined && target.kind === "sandbox" && !existsSync(expectedInfo().kubeconfig)) {
      throw noClusterAtAll(target.why, kubeconfigPaths().join(", "));
    }
    return target;
  }
  const target = named ?? chooseTarget(flags, { ...around, tools: await availableTools() });
  return agreeToMake(target, around.kubeconfig, flags, { ask, log });
}

/** @returns the stack of a cluster, unless a flag names one. */
function stackOf(target: Target): string {
  return target.kind === "sandbox" ? embeddedStack : defaultStack;
}

/** @returns the config that a cluster needs, as far as it can be checked before the cluster is there. */
function settingsOf(target: Target, folder: string): Record<string, string> {
  return target.kind === "sandbox" ? settingsBeforeStart(folder) : {};
}

/**
 * @returns the context of the cluster that a tool makes for us. Only a start makes one: who looks at a stack, or
 * removes it, has one.
 */
function madeCluster(target: Target & { kind: "made" }, flags: Flags, start: boolean): Promise<string> {
  return start ? ensureCluster(target.tool, target.known, flags.yes) : Promise.resolve(madeContexts[target.tool]);
}

/**
 * Starts the embedded cluster if need be, with the images that the stack's config asks for: first those that requests
 * need.
 */
function startSandbox(
  { config, hidesServices }: CheckedConfig,
  log: (line: string) => void,
): Pick<Session, "ready" | "later"> {
  const wanted = wantedPrograms(config);
  const needed = hidesServices ? wanted : neededForTraffic(config);
  const programs = unbuiltGroups(wanted).filter((name) => !needed.includes(name));
  const start = async () => {
    await sandboxUp({ log, observability: wanted.filter((name) => !programs.includes(name)) });
    await addWantedImages(config, log);
    downloadGroupsAhead(programs);
  };
  const ready = start();
  // Callers that need the cluster await `ready`, and get its error there.
  ready.catch(() => undefined);
  return programs.length > 0
    ? { ready, later: { programs, config, make: () => addObservability(programs, { log }) } }
    : { ready };
}

/** A configuration that was found good. */
interface CheckedConfig {
  config: StackConfig;
  /** Whether its services are a secret, so that others stand for them here. */
  hidesServices: boolean;
}

/**
 * Refuses bad config before a cluster is built for it. What this run adds itself, such as paths of the cluster, comes
 * later.
 */
function checkConfig(
  stack: string,
  settings: Record<string, string>,
  project: ReturnType<typeof readProject>,
  folder: string,
): CheckedConfig {
  const { config = {} } = readStackFile(stack, folder) as { config?: Record<string, unknown> };
  // Only the Pulumi CLI can read a secret.
  const readable = Object.fromEntries(Object.entries(config).filter(([, value]) => !holdsSecret(value)));
  const merged = withSettings(readable, settings, project);
  const key = `${project.name}:services`;
  const checked = parseConfig(asProgramConfig(merged, project));
  const hidesServices = key in config && !(key in merged);
  const nowhere = gatewayLeadsNowhere(checked.services, checked.observability.dashboardsExposed);
  if (nowhere && !hidesServices) {
    throw new ConfigError([nowhere]);
  }
  return { config: checked, hidesServices };
}

/** @returns key and value of a --config flag. */
export function splitSetting(setting: string): [string, string] {
  const at = setting.indexOf("=");
  return [setting.slice(0, at), setting.slice(at + 1)];
}
