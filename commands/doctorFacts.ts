import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { status } from "../toolchain";
import { requirementProblems, thisMachine } from "../toolchain/requirements";
import { tryRun } from "../toolchain/system/run";
import { kindOfContext } from "../stacks/cluster";
import { kubeconfigFiles, readKubeconfig } from "../stacks/kubeconfig";
import { containersAnswer } from "./createCluster";
import type { MachineFacts, Tool } from "./doctorJudgement";
import { findOnPath } from "./findOnPath";
import { projectFolder } from "./stackFiles";

/** How each tool is asked for its version. */
const versionArgs: Record<Tool, string[]> = {
  pulumi: ["version"],
  kubectl: ["version", "--client"],
  kind: ["version"],
  minikube: ["version", "--short"],
  go: ["version"],
  chromium: ["--version"],
};

/** Looks at this machine; changes nothing. */
export async function gatherFacts(): Promise<MachineFacts> {
  const asked = Object.entries(versionArgs) as [Tool, string[]][];
  const [versions, containers, { running }] = await Promise.all([
    Promise.all(asked.map(async ([tool, args]) => [tool, await printed(commandOf(tool), args)] as const)),
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
  };
}

/** The command of a tool; the npm package `pulumi` keeps what it fetched in a folder of its own, and would fetch it if asked. */
function commandOf(tool: Tool): string {
  if (tool !== "pulumi") {
    return tool;
  }
  const onPath = findOnPath("pulumi", (folder) => folder.endsWith(join("node_modules", ".bin")));
  const { dependencies } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const home = process.env.PULUMI_HOME || join(homedir(), ".pulumi");
  return onPath ?? join(home, "versions", dependencies.pulumi ?? "", "bin", "pulumi");
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
