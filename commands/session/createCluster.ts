import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { promisify } from "node:util";
import { tryRun } from "../../toolchain/system/run";
import { findOnPath } from "../shared/findOnPath";
import { projectFolder } from "./stackFiles";

/** Name of the clusters that are made here; kind puts `kind-` before it to name the context. */
const clusterName = "sidecar-mesh";

/** Tools that make a local cluster, in the order in which they are taken. */
export const clusterTools = ["kind", "minikube"] as const;

/** One of {@link clusterTools}. */
export type ClusterTool = (typeof clusterTools)[number];

/** The contexts that the tools write for the clusters that are made here. */
export const madeContexts: Record<ClusterTool, string> = { kind: `kind-${clusterName}`, minikube: clusterName };

/** @returns the tools that can make a cluster here. kind needs a container engine that answers. */
export async function availableTools(): Promise<Record<ClusterTool, boolean>> {
  const found = (tool: ClusterTool) => findOnPath(tool) !== undefined;
  return { kind: found("kind") && (await containersAnswer()), minikube: found("minikube") };
}

/** @returns whether a Docker or Podman of this machine answers. */
export async function containersAnswer(): Promise<boolean> {
  const answers = await Promise.all(
    ["docker", "podman"].map((engine) => tryRun(engine, ["info"], { timeoutMs: 20_000 }).catch(() => undefined)),
  );
  return answers.some((answer) => answer?.code === 0);
}

const recipes: Record<ClusterTool, readonly string[]> = {
  kind: ["create", "cluster", "--config", join(projectFolder, "commands", "kindCluster.yaml"), "--wait", "180s"],
  minikube: ["start", "--profile", clusterName, "--cpus", "2", "--memory", "4096"],
};

/**
 * Makes sure that there is a local cluster of ours: an earlier one is used again, one that has to be made is made after
 * a question.
 * @param known The kubeconfig has the context already.
 * @param yes Do not ask.
 * @returns the context of the cluster.
 * @throws Error if the answer is no, or there is no terminal to ask at.
 */
export async function ensureCluster(tool: ClusterTool, known: boolean, yes: boolean): Promise<string> {
  const context = madeContexts[tool];
  if (tool === "kind" && !known && (await kindClusters()).includes(clusterName)) {
    await run("kind", ["export", "kubeconfig", "--name", clusterName]);
  } else if (tool === "minikube" || !known) {
    // minikube starts a profile that it has stopped, and leaves a running one as it is.
    await create(tool, yes || known);
  }
  return context;
}

async function create(tool: ClusterTool, yes: boolean): Promise<void> {
  const args = recipes[tool];
  const command = `${tool} ${args.join(" ")}`;
  if (!yes && !(await confirm(`Create a cluster with: ${command}?`))) {
    throw new Error(`no cluster: create one with ${command}, or use --yes, --context NAME or --sandbox`);
  }
  await run(tool, args);
}

async function run(tool: string, args: readonly string[]): Promise<void> {
  const child = spawn(tool, args, { stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) {
    throw new Error(`${tool} ${args.join(" ")} ended with exit code ${String(code)}`);
  }
}

async function kindClusters(): Promise<string[]> {
  const { stdout } = await promisify(execFile)("kind", ["get", "clusters"]);
  return stdout.split("\n").map((line) => line.trim());
}

/** Asks a question on the terminal. @returns whether the answer is yes; false where there is no terminal. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    return false;
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `)).trim());
  } finally {
    prompt.close();
  }
}
