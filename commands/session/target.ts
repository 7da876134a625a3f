import type { Kubeconfig } from "../../stacks/kubeconfig";
import { localCluster } from "../../stacks/localClusters";
import type { ClusterTool } from "./createCluster";
import { clusterTools, madeContexts } from "./createCluster";
import type { Flags } from "../shared/flags";

/**
 * The cluster that a command goes to, and why. One that is `made` by a tool for this project may be there from before:
 * `known` if the kubeconfig has it. The `sandbox` is the embedded one: kind, too, but with a node image and images of
 * our own.
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
  /** Tools on PATH that can make a local cluster, with what they need. Left out where none is to be made. */
  tools?: Record<ClusterTool, boolean>;
  /** Context that the stack's config names. */
  configContext?: string;
}

/**
 * Chooses the cluster that is named, or that the kubeconfig leads to: what a flag or config names; the current context
 * if its cluster runs on this machine. A remote current context is never chosen, and never a reason to stop: it is
 * another project's.
 * @returns undefined if there is none.
 */
export function namedTarget(
  flags: Pick<Flags, "sandbox" | "context">,
  { kubeconfig, embedded, configContext }: Omit<Surroundings, "tools">,
): Target | undefined {
  if (flags.sandbox) {
    return { kind: "sandbox", why: "--sandbox" };
  }
  const { current } = kubeconfig;
  const named = flags.context ?? configContext;
  if (embedded && (named ?? current ?? madeContexts.kind) === madeContexts.kind) {
    return { kind: "sandbox", why: "the kubeconfig is that of the embedded cluster" };
  }
  if (named !== undefined) {
    const why = flags.context === undefined ? "kubeContext in the stack's config" : "--context";
    return { kind: "context", context: named, why };
  }
  const local = current === undefined ? undefined : localCluster(current, kubeconfig);
  return (
    local && { kind: "context", context: current!, why: `the current context, of ${local.program} on this machine` }
  );
}

/** Chooses as {@link namedTarget} does; else kind or minikube if installed; else the embedded cluster. */
export function chooseTarget(flags: Pick<Flags, "sandbox" | "context">, around: Surroundings): Target {
  const named = namedTarget(flags, around);
  if (named !== undefined) {
    return named;
  }
  const { current, contexts } = around.kubeconfig;
  const passedOver =
    current === undefined ? "the kubeconfig has no current context" : `the current context ${current} is not local`;
  const isKnown = (tool: ClusterTool) =>
    contexts.includes(madeContexts[tool]) && localCluster(madeContexts[tool], around.kubeconfig) !== undefined;
  const usable = clusterTools.filter((tool) => around.tools?.[tool] ?? isKnown(tool));
  const tool = usable.find(isKnown) ?? usable[0];
  if (tool !== undefined) {
    const known = isKnown(tool);
    const why = known ? `there is a cluster of ours, made with ${tool}` : `${tool} is installed`;
    return { kind: "made", tool, known, why: `${passedOver}, and ${why}` };
  }
  const rest = around.tools ? "neither kind with Docker nor minikube is installed" : "it has no cluster of ours";
  return { kind: "sandbox", why: `${passedOver}, and ${rest}` };
}
