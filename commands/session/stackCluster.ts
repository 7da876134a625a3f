import type { KubeClient } from "../../cluster/kubeClient";
import type { ExportedStack, PulumiStack } from "../pulumi/stack";
import type { Session } from "./session";

/** Tag of the stack with the name of its cluster. All users of a shared backend read it. */
const tag = "sidecar-mesh:cluster";

/** The identity of a cluster. */
export interface ClusterIdentity {
  /** UID of the namespace kube-system, which lives as long as its cluster. */
  uid: string;
  /** Context under which it is known here. */
  context: string;
}

/** How a stack's cluster compares with the one that a command goes to. */
export type ClusterMatch = "none yet" | "same" | "made anew" | "another";

/** @returns the identity of a cluster. @throws Error if the cluster does not show its namespace kube-system. */
async function identifyCluster(client: Pick<KubeClient, "get">, context: string): Promise<ClusterIdentity> {
  const namespace = await client.get({ apiVersion: "v1", kind: "Namespace", name: "kube-system" });
  const uid = namespace?.metadata?.uid;
  if (uid === undefined) {
    throw new Error(`context ${context}: the namespace kube-system has no UID; is it a Kubernetes cluster?`);
  }
  return { uid, context };
}

/**
 * @param known What the stack remembers.
 * @param own Whether the cluster is one that this project makes: under one name there is never more than one.
 */
export function compareClusters(known: ClusterIdentity | undefined, now: ClusterIdentity, own: boolean): ClusterMatch {
  if (known === undefined) {
    return "none yet";
  }
  if (known.uid === now.uid) {
    return "same";
  }
  return own && known.context === now.context ? "made anew" : "another";
}

/** @returns the identity in the value of a tag. */
export function parseIdentity(value: string | undefined): ClusterIdentity | undefined {
  const [uid = "", ...context] = (value ?? "").split(" ");
  return uid === "" ? undefined : { uid, context: context.join(" ") };
}

/**
 * @returns the context of the provider that a state has, by which `pulumi destroy` goes; undefined without one. A stack
 * that the CLI alone has applied remembers no cluster.
 */
export function contextOf({ deployment }: ExportedStack): string | undefined {
  const provider = deployment?.resources?.find(({ type }) => type === "pulumi:providers:kubernetes");
  const context = provider?.inputs?.context;
  return typeof context === "string" && context !== "" ? context : undefined;
}

/**
 * Makes sure that a stack goes to the cluster that it was applied to.
 * @returns the cluster's identity, and how it compares with the one that the stack remembers.
 * @throws Error naming both clusters, if it is another one.
 */
export async function checkCluster(
  stack: Pick<PulumiStack, "name" | "tag" | "export">,
  client: Pick<KubeClient, "get">,
  { context, ownCluster }: Pick<Session, "context" | "ownCluster">,
): Promise<{ cluster: ClusterIdentity; match: Exclude<ClusterMatch, "another"> }> {
  const [value, cluster] = await Promise.all([stack.tag(tag), identifyCluster(client, context)]);
  const known = parseIdentity(value);
  const before = known ? undefined : contextOf(await stack.export());
  const match = compareClusters(known, cluster, ownCluster);
  if (match === "another" || (before !== undefined && before !== context)) {
    throw new Error(
      [
        `stack ${stack.name} was applied to another cluster; nothing was changed`,
        `its cluster: ${known ? describe(known) : `context ${before}`}`,
        `this cluster: ${describe(cluster)}`,
        `choose its cluster with --context, or use a stack of its own for this one (--stack, with a Pulumi.NAME.yaml); ` +
          `if its cluster is gone for good: pulumi stack rm ${stack.name} --force`,
      ].join("\n  "),
    );
  }
  return { cluster, match };
}

/** Has the stack remember its cluster. */
export async function rememberCluster(
  stack: Pick<PulumiStack, "setTag">,
  { uid, context }: ClusterIdentity,
): Promise<void> {
  await stack.setTag(tag, `${uid} ${context}`);
}

/** Has the stack forget its cluster: it has nothing in it any more. */
export async function forgetCluster(stack: Pick<PulumiStack, "tag" | "setTag">): Promise<void> {
  if ((await stack.tag(tag)) !== undefined) {
    await stack.setTag(tag, undefined);
  }
}

function describe({ uid, context }: ClusterIdentity): string {
  return `context ${context}, UID of kube-system ${uid}`;
}
