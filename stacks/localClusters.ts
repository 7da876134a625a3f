import type { ClusterKind } from "../components/gatewayAddress";
import type { Kubeconfig } from "./kubeconfig";
import { serverHost } from "./kubeconfig";
import type { OwnAddress } from "./localAddress";
import { isOfThisMachine, mayBeDriverAddress, ownAddresses } from "./localAddress";
import { quoted } from "./kubectl";

/** A cluster that a program of this machine runs. */
export interface LocalCluster {
  /** The program, by the name that its users know: `kind`, `Docker Desktop`. */
  program: string;
  /** How its node ports are reached. */
  kind: Exclude<ClusterKind, "remote">;
  /** What starts it again after it was stopped: a command, or what to do where there is none. */
  start: string;
}

/** The part of a kubeconfig that shows whether a context leads to a cluster of this machine. */
export type ContextsOf = Pick<Kubeconfig, "minikubeContexts" | "servers" | "proxied">;

/** A program that runs clusters, and the names that it gives to contexts. */
interface Program extends Omit<LocalCluster, "start"> {
  /** The names of its contexts; the first group is the name of the cluster. */
  contexts: RegExp;
  start: (cluster: string) => string;
}

const programs: readonly Program[] = [
  {
    program: "kind",
    kind: "kind",
    contexts: /^kind(?:-(.+))?$/,
    start: (cluster) => `docker start ${quoted(`${cluster || "kind"}-control-plane`)}`,
  },
  { program: "minikube", kind: "minikube", contexts: /^(minikube)$/, start: startMinikube },
  {
    program: "Docker Desktop",
    kind: "local",
    contexts: /^docker-(?:for-)?desktop$/,
    start: () => "start Docker Desktop, and enable Kubernetes in its settings",
  },
  { program: "Rancher Desktop", kind: "local", contexts: /^rancher-desktop$/, start: () => "rdctl start" },
  { program: "OrbStack", kind: "local", contexts: /^orbstack$/, start: () => "orb start k8s" },
  {
    program: "Colima",
    kind: "local",
    contexts: /^colima(?:-(.+))?$/,
    start: (profile) => `colima start --kubernetes${profile ? ` --profile ${quoted(profile)}` : ""}`,
  },
  { program: "k3d", kind: "k3d", contexts: /^k3d-(.+)$/, start: (cluster) => `k3d cluster start ${quoted(cluster)}` },
  { program: "MicroK8s", kind: "local", contexts: /^microk8s$/, start: () => "microk8s start" },
];

/**
 * @returns the cluster of this machine that a context leads to; undefined if it may be another machine's. The name says
 * which program it would be, and the API server's address whether it is here: any context may be named `minikube` or
 * `kind-eu`. A context whose server is not known, as without a kubeconfig, goes by its name alone: nothing can be
 * reached through it.
 * @param own Addresses of this machine.
 */
export function localCluster(
  context: string,
  { minikubeContexts, servers, proxied = [] }: ContextsOf,
  own: readonly OwnAddress[] = ownAddresses(),
): LocalCluster | undefined {
  const byMinikube = minikubeContexts.includes(context);
  const program = programs.find(({ program: name, contexts }) =>
    byMinikube ? name === "minikube" : contexts.test(context),
  );
  if (program === undefined || proxied.includes(context)) {
    return undefined;
  }
  const server = servers[context];
  const host = server === undefined ? undefined : (serverHost(server) ?? "");
  if (host !== undefined && !isOfThisMachine(host, own) && !(byMinikube && mayBeDriverAddress(host, own))) {
    return undefined;
  }
  const cluster = byMinikube ? context : (program.contexts.exec(context)?.[1] ?? "");
  return { program: program.program, kind: program.kind, start: program.start(cluster) };
}

/** @returns the contexts that lead to clusters of this machine, in the order of the kubeconfig. */
export function localContexts(
  kubeconfig: ContextsOf & Pick<Kubeconfig, "contexts">,
  own: readonly OwnAddress[] = ownAddresses(),
): (LocalCluster & { context: string })[] {
  return [...new Set(kubeconfig.contexts)].flatMap((context) => {
    const cluster = localCluster(context, kubeconfig, own);
    return cluster === undefined ? [] : [{ context, ...cluster }];
  });
}

function startMinikube(profile: string): string {
  return profile === "minikube" ? "minikube start" : `minikube start --profile ${quoted(profile)}`;
}
