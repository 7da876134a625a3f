import { kindOfContext } from "../stacks/cluster";
import type { Kubeconfig } from "../stacks/kubeconfig";
import type { ClusterTool } from "./createCluster";
import { clusterTools, madeContexts } from "./createCluster";
import type { Flags } from "./flags";

/**
 * The cluster that a command goes to, and why. One that is `made` by a tool for this project may be there from before: `known` if the
 * kubeconfig has it. The `sandbox` is the embedded one: kind, too, but with a node image and images of our own.
 */
export type Target =
  | { kind: "context"; context: string; why: string }
  | { kind: "made"; tool: ClusterTool; known: boolean; why: string }
  | { kind: "sandbox"; why: string };

/** What there is on this machine to choose from. */
export interface Surroundings {
  kubeconfig: Kubeconfig;
  /** Whether the kubeconfig is the embedded cluster's. */
  embedded: boolean;
  /** Tools on PATH that can make a local cluster, with what they need. */
  tools: Record<ClusterTool, boolean>;
  /** Context that the stack's config names. */
  configContext?: string;
}

/**
 * Chooses the cluster: what a flag or config names; the current context if it is local; kind or minikube if installed; the embedded
 * cluster. A remote current context is never chosen, and never a reason to stop: it is another project's.
 */
export function chooseTarget(flags: Pick<Flags, "sandbox" | "context">, around: Surroundings): Target {
  if (flags.sandbox) {
    return { kind: "sandbox", why: "--sandbox" };
  }
  const { current } = around.kubeconfig;
  const named = flags.context ?? around.configContext;
  if (around.embedded && (named ?? current ?? madeContexts.kind) === madeContexts.kind) {
    return { kind: "sandbox", why: "the kubeconfig is that of the embedded cluster" };
  }
  if (named !== undefined) {
    const why = flags.context === undefined ? "kubeContext in the stack's config" : "--context";
    return { kind: "context", context: named, why };
  }
  if (current !== undefined && kindOfContext(current, around.kubeconfig) !== "remote") {
    return { kind: "context", context: current, why: "the current context of the kubeconfig is local" };
  }
  const passedOver =
    current === undefined ? "the kubeconfig has no current context" : `the current context ${current} is not local`;
  const isKnown = (tool: ClusterTool) =>
    around.kubeconfig.contexts.includes(madeContexts[tool]) &&
    kindOfContext(madeContexts[tool], around.kubeconfig) !== "remote";
  const installed = clusterTools.filter((tool) => around.tools[tool]);
  const tool = installed.find(isKnown) ?? installed[0];
  if (tool !== undefined) {
    const known = isKnown(tool);
    const why = known ? `there is a cluster of ours, made with ${tool}` : `${tool} is installed`;
    return { kind: "made", tool, known, why: `${passedOver}, and ${why}` };
  }
  return { kind: "sandbox", why: `${passedOver}, and neither kind with Docker nor minikube is installed` };
}
