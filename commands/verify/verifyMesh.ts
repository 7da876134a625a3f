import type { KubeClient } from "../../cluster/kubeClient";
import { gatewayClient } from "../shared/httpClient";
import type { MeshOutputs } from "../session/stackOutputs";
import type { Check, Result } from "./check";
import { fail, pass } from "./check";
import { checkCluster } from "./checks/cluster";
import { Cluster } from "./cluster";
import { reportOf } from "./report";
import type { Report } from "./report";
import type { RunEvents } from "./run";
import { runChecks } from "./run";

/** The inputs of a run. */
export interface VerifyRequest {
  client: KubeClient;
  /** The kubectl command, as messages show it. */
  kubectl: string;
  checks: readonly Check[];
  deep: boolean;
  /** Reads the stack's outputs. */
  outputs: () => Promise<MeshOutputs>;
  /** Called as each check starts, and with each result. */
  on?: RunEvents;
}

/** Runs the checks against a cluster, from the cluster itself upwards. */
export async function verify(request: VerifyRequest): Promise<Report> {
  const { client, kubectl, checks, deep, outputs, on = {} } = request;
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const cluster = new Cluster(client, kubectl);
  const results: Result[] = [];
  const note = (result: Result) => {
    results.push(result);
    on.result?.(result);
  };
  const block = (because: string) => {
    for (const { name, description } of checks) {
      note({ name, description, verdict: "blocked", evidence: `not run, because ${because} failed`, ms: 0 });
    }
    return reportOf(results, seconds());
  };

  const reached = await checkCluster(cluster);
  note({
    name: "cluster",
    description: "API server answers, version supported",
    ...reached,
    ms: Math.round(seconds() * 1000),
  });
  if (reached.verdict === "fail") {
    return block("cluster");
  }

  let mesh: MeshOutputs;
  try {
    mesh = await outputs();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const outcome = fail(message, message, "npm start");
    note({ name: "stack", description: "the stack is applied", ...outcome, ms: 0 });
    return block("stack");
  }
  const { declared, gatewayUrl } = mesh;
  const names = declared.services.map(({ name }) => name).join(", ");
  const outcome = pass(`${names} at ${gatewayUrl ?? "an unknown address"}`);
  note({ name: "stack", description: "the stack is applied", ...outcome, ms: 0 });

  const http = gatewayClient(declared, { timeoutMs: 20_000, connections: 20 });
  try {
    const found = await runChecks(checks, { ...mesh, cluster, http, deep }, on);
    return reportOf([...results, ...found], seconds());
  } finally {
    http.close();
  }
}
