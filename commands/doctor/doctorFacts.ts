import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { status } from "../../toolchain";
import { requirementProblems, thisMachine } from "../../toolchain/requirements";
import { tryRun } from "../../toolchain/system/run";
import { istioVersion } from "../../components/versions";
import { kindOfContext } from "../../stacks/cluster";
import { kubeconfigFiles, readKubeconfig } from "../../stacks/kubeconfig";
import { containersAnswer } from "../session/createCluster";
import { judgeSupport } from "./istioSupport";
import type { MachineFacts, Tool } from "./doctorJudgement";
import { presentPulumi } from "../pulumi/cli";
import { projectFolder } from "../session/stackFiles";

/** How each tool is asked for its version; the npm package `pulumi` would download a CLI, so that one is looked for. */
const versionArgs: Record<Exclude<Tool, "pulumi">, string[]> = {
  kubectl: ["version", "--client"],
  kind: ["version"],
  minikube: ["version", "--short"],
  go: ["version"],
};

/** Looks at this machine; changes nothing. */
export async function gatherFacts(): Promise<MachineFacts> {
  const [versions, containers, { running }] = await Promise.all([
    Promise.all([
      ...Object.entries(versionArgs).map(async ([tool, args]) => [tool, await printed(tool, args)] as const),
      presentPulumi(() => undefined).then((cli) => ["pulumi", cli?.version] as const),
    ]),
    containersAnswer(),
    status(),
  ]);
  const kubeconfig = readKubeconfig(kubeconfigFiles());
  const { current } = kubeconfig;
  const isLocal = current !== undefined && kindOfContext(current, kubeconfig) !== "remote";
  return {
    node: process.versions.node,
    packages: packagesState(),
    versions: Object.fromEntries(versions) as Record<Tool, string | undefined>,
    containers,
    localContext: isLocal ? current : undefined,
    remoteContext: isLocal ? undefined : current,
    sandboxRuns: running,
    sandboxProblems: requirementProblems(thisMachine()),
    istioSupport: judgeSupport(istioVersion, new Date()),
  };
}

async function printed(command: string, args: string[]): Promise<string | undefined> {
  const result = await tryRun(command, args, { timeoutMs: 20_000 }).catch(() => undefined);
  return result?.code === 0 ? result.stdout : undefined;
}

/** Compares what npm wrote down when it installed with what the lockfile asks for. */
function packagesState(): MachineFacts["packages"] {
  const installed = join(projectFolder, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) {
    return "missing";
  }
  const versionsIn = (file: string) =>
    (JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, { version?: string; optional?: boolean }> })
      .packages;
  const has = versionsIn(installed);
  const differs = Object.entries(versionsIn(join(projectFolder, "package-lock.json"))).some(
    ([path, { version, optional }]) => path !== "" && !optional && has[path]?.version !== version,
  );
  return differs ? "outdated" : "installed";
}
