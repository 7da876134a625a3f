import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";

/** Name of the clusters that are created here; kind puts `kind-` before it to name the context. */
const clusterName = "sidecar-mesh";

const recipes = {
  kind: {
    args: ["create", "cluster", "--config", join(__dirname, "kindCluster.yaml"), "--wait", "180s"],
    context: `kind-${clusterName}`,
  },
  minikube: { args: ["start", "--profile", clusterName, "--cpus", "2", "--memory", "4096"], context: clusterName },
} as const;

/**
 * Creates a local cluster with kind or minikube, after a question.
 * @param yes Do not ask.
 * @returns the context of the new cluster.
 * @throws Error if the answer is no, or there is nobody to ask.
 */
export async function createCluster(tool: "kind" | "minikube", yes: boolean): Promise<string> {
  const { args, context } = recipes[tool];
  const command = `${tool} ${args.join(" ")}`;
  if (!yes && !(await confirm(`Create a cluster with: ${command}?`))) {
    throw new Error(`no cluster: create one with ${command}, or say --yes, --context NAME or --sandbox`);
  }
  const child = spawn(tool, args, { stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) {
    throw new Error(`${command} ended with exit code ${String(code)}`);
  }
  return context;
}

async function confirm(question: string): Promise<boolean> {
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
