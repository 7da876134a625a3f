import { kubectlCommand } from "../../stacks/kubectl";
import { connect } from "./connect";
import { gatewayClient } from "../shared/httpClient";
import type { Session } from "./session";
import { readOutputs } from "./stackOutputs";
import type { Context } from "../verify/check";
import { Cluster } from "../verify/cluster";

/**
 * Gives `work` what it asks a running stack with: its outputs, its cluster, and a client of its gateway.
 * @throws Error if nothing is applied; otherwise what `work` throws.
 */
export async function withContext<T>(
  session: Pick<Session, "stack" | "settings" | "kubeconfig" | "context">,
  log: (line: string) => void,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  const outputs = await readOutputs(session, log);
  const http = gatewayClient(outputs.declared);
  try {
    return await work({
      ...outputs,
      cluster: new Cluster(connect(session), kubectlCommand(session)),
      http,
      deep: false,
    });
  } finally {
    http.close();
  }
}

/** @throws Error if the stack has no Prometheus of its own, which is what commands ask for metrics. */
export function requirePrometheus({ declared }: Pick<Context, "declared">): void {
  if (declared.metrics.kind !== "prometheus") {
    throw new Error(
      `Prometheus is not part of the stack: metricsBackend is ${declared.metrics.kind}; set it to prometheus, and run npm start`,
    );
  }
}
