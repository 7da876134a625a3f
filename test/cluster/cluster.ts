import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import { shellEnvironment } from "../../toolchain";
import { KubeClient } from "../../cluster/kubeClient";
import type { LiveObject } from "../../cluster/kubeClient";
import { run } from "../../toolchain/system/run";
import { projectFolder } from "../../commands/session/stackFiles";
import { containersOf, isReady, statusesOf } from "../../commands/verify/objects";
import { target } from "./target";

/** The user's own kubeconfig must not decide which cluster the tests use. */
export const kubeconfigOfCommands = target.embedded ? "/nonexistent" : target.kubeconfig;

/** What `npm start -- --json` prints on its last line. */
export interface Outputs {
  gatewayUrl: string;
  services: Record<string, string>;
  dashboards: Record<string, { inCluster: string; portForward: string; url?: string }>;
  readme: string;
}

/** A command's end. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs one of our npm scripts as a user would, showing what it says as it says it. */
export async function npm(script: string, ...args: string[]): Promise<Ended> {
  const env = { ...process.env, KUBECONFIG: kubeconfigOfCommands };
  const child = spawn("npm", ["run", "--silent", script, "--", ...args], { cwd: projectFolder, env });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  const show = (text: string) => process.stderr.write(text.replace(/^(?=.)/gm, "      | "));
  child.stdout.setEncoding("utf8").on("data", (text: string) => (ended.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    ended.stderr += text;
    show(text);
  });
  ended.code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  return ended;
}

/** `npm start` on the cluster. @returns outputs, and what it said. */
export async function start(...args: string[]): Promise<{ outputs: Outputs; said: string }> {
  const { code, stdout, stderr } = await npm("start", ...target.flags, "--yes", "--json", ...args);
  assert.equal(code, 0, stderr);
  return { outputs: JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Outputs, said: stderr };
}

/** A client of the cluster's API server. */
export function client(): KubeClient {
  return KubeClient.connect(target.kubeconfig, target.context);
}

/** Runs kubectl, or another command, against the cluster. @returns what it prints. */
export function tool(name: "kubectl" | "istioctl" | "helm", ...args: string[]): Promise<string> {
  return run(target.command(name), args, { env: { KUBECONFIG: target.kubeconfig }, timeoutMs: 120_000 });
}

/** @returns the names of the cluster's nodes, which are those of their containers, too; the control plane first. */
export async function nodes(): Promise<string[]> {
  return (await tool("kubectl", "get", "nodes", "-o", "name"))
    .trim()
    .split("\n")
    .map((name) => name.replace("node/", ""))
    .sort();
}

/** Runs Docker's client against the daemon of the nodes. @returns what it prints. */
export function docker(...args: string[]): Promise<string> {
  const { variables, folders } = target.embedded ? shellEnvironment() : { variables: {}, folders: [] };
  const env = { ...variables, PATH: [...folders, process.env.PATH].join(delimiter) };
  return run("docker", args, { env, timeoutMs: 120_000 });
}

/** Starts a node again that was killed, and waits until it is ready. */
export async function startNode(node: string): Promise<void> {
  if (target.embedded) {
    assert.equal((await npm("sandbox", "up")).code, 0);
  } else {
    await docker("start", node);
  }
  await tool("kubectl", "wait", "--for=condition=Ready", `node/${node}`, "--timeout=110s");
}

/**
 * @returns the address at which pods reach the machine that the nodes' containers run on: the gateway of their network.
 */
export async function machineAddress(): Promise<string> {
  const [node] = await nodes();
  const route = await docker("inspect", node!, "--format", "{{range .NetworkSettings.Networks}}{{.Gateway}} {{end}}");
  return route.trim().split(" ")[0]!;
}

/** Runs a command on a node. @returns what it prints. */
export function onNode(node: string, ...command: string[]): Promise<string> {
  return docker("exec", node, ...command);
}

/**
 * Sends a request in plain text, from a node and so from outside the mesh, to a pod of an app in namespace demo.
 * @returns the error that curl gives; empty if the pod answered.
 */
export async function plainTextError(app: string): Promise<string> {
  const { address } = await servingPod("demo", `app=${app}`);
  const [node] = await nodes();
  return onNode(node!, "curl", "--silent", "--show-error", "--max-time", "10", `http://${address}:8080/`).then(
    () => "",
    (error: Error) => error.message,
  );
}

/**
 * Lists every object of the cluster but events, which pass, and what each API server and each node says of itself: its
 * lease. Component statuses and what metrics-server measures are no objects.
 */
export async function allObjects(): Promise<string[]> {
  const types = (await tool("kubectl", "api-resources", "--verbs=list", "-o", "name")).trim().split("\n");
  const passing = /^(events|componentstatuses|nodes\.metrics|pods\.metrics)/;
  const asked = types.filter((type) => !passing.test(type)).join(",");
  const listing = await tool(
    "kubectl",
    "get",
    asked,
    "-A",
    "--ignore-not-found",
    "--no-headers",
    "-o",
    "custom-columns=K:.kind,NS:.metadata.namespace,N:.metadata.name",
  );
  return listing
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).join(" "))
    .filter((object) => !/^Lease (kube-system apiserver-|kube-node-lease )/.test(object))
    .sort();
}

/** A pod, as far as the tests look at it. */
export interface Pod {
  name: string;
  annotations: Record<string, string>;
  /** Undefined until it is scheduled. */
  node?: string;
  /** Undefined until it runs. */
  address?: string;
  isReady: boolean;
}

/** @returns the pods that a selector finds; without those that go, unless `all`. */
export async function podsOf(namespace: string, selector: string, { all = false } = {}): Promise<Pod[]> {
  const listing = await tool("kubectl", "get", "pods", "-n", namespace, "-l", selector, "-o", "json");
  return (JSON.parse(listing) as { items: LiveObject[] }).items
    .filter(({ metadata }) => all || metadata?.deletionTimestamp === undefined)
    .map((pod) => ({
      name: pod.metadata?.name ?? "",
      annotations: pod.metadata?.annotations ?? {},
      node: (pod.spec as { nodeName?: string }).nodeName,
      address: (pod.status as { podIP?: string }).podIP,
      isReady: isReady(pod),
    }));
}

/** @returns a pod that serves: it is ready and does not go. */
export function servingPod(namespace: string, selector: string): Promise<Pod & { address: string }> {
  return eventually(async () => {
    const pod = (await podsOf(namespace, selector)).find(({ isReady }) => isReady);
    assert.ok(pod?.address !== undefined, `a ready pod of ${selector} in ${namespace}`);
    return { ...pod, address: pod.address };
  }, 60);
}

/**
 * @returns by pod, its containers that are ready. A sidecar of Kubernetes' own kind stands among the init containers.
 */
export async function readyContainers(namespace: string): Promise<Record<string, string[]>> {
  const pods = await client().list("v1", "Pod", namespace);
  return Object.fromEntries(
    pods.map((pod) => {
      const serving = containersOf(pod).map(({ name }) => name);
      const ready = statusesOf(pod).filter((one) => one.ready && serving.includes(one.name));
      return [pod.metadata?.name ?? "", ready.map(({ name }) => name)];
    }),
  );
}

/** Tries until it succeeds: a route reaches the proxies a moment after the API server has it. */
export async function eventually<T>(attempt: () => Promise<T>, seconds = 20): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
