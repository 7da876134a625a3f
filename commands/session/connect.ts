import { createRequire } from "node:module";
import type * as Client from "../../cluster/kubeClient";
import type { Session } from "./session";

const requireLate = createRequire(__filename);

/**
 * @returns a client of the session's cluster. Its library has a file for each type of Kubernetes and takes half a
 * second to load: that is done while the cluster is looked over, and not at all by commands that end before.
 */
export function connect({ kubeconfig, context }: Pick<Session, "kubeconfig" | "context">): Client.KubeClient {
  const { KubeClient } = requireLate("../../cluster/kubeClient") as typeof Client;
  return KubeClient.connect(kubeconfig, context);
}
