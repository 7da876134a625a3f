import type { LocalCluster } from "../../stacks/localClusters";
import { nearest } from "../../common/nearest";
import { UsageError } from "../shared/flags";

/** There is no cluster, or it does not answer; the message says what was looked for, where, and which command helps. */
export class NoClusterError extends Error {}

/** How to find another cluster, whatever is wrong with one. */
const listContexts = "kubectl config get-contexts lists the contexts that there are";

/** A context, and where it comes from. */
export interface NamedContext {
  context: string;
  /** What names it: `--context`, or `kubeContext in the stack's config`. */
  by: string;
  /** The kubeconfig files in which it was looked for. */
  files: readonly string[];
  /** Where a kubeconfig was looked for, if there is none. */
  lookedFor: string;
}

/** @returns the error for a context that no kubeconfig has. */
export function missingContext(
  { context, by, files, lookedFor }: NamedContext,
  contexts: readonly string[],
): UsageError | NoClusterError {
  if (files.length === 0) {
    return new NoClusterError(
      [
        `${by} ${context}: there is no kubeconfig; looked for ${lookedFor}`,
        `name its file with --kubeconfig FILE, or leave the context out: npm start then brings a cluster`,
      ].join("\n  "),
    );
  }
  const near = nearest(context, contexts);
  const known = contexts.length > 0 ? `it has ${contexts.join(", ")}` : "it has none";
  return new UsageError(
    [
      `${by} ${context}: no such context in ${files.join(", ")}${near ? `; did you mean ${near}?` : ""}`,
      `${known}; ${listContexts}`,
    ].join("\n  "),
  );
}

/** A context whose API server does not answer. */
export interface SilentServer {
  context: string;
  /** URL of the API server; undefined if the kubeconfig has none. */
  server?: string;
  files: readonly string[];
  /** Why there is no answer. */
  reason?: string;
  /** The program of this machine that runs the cluster; undefined if it is another machine's. */
  local?: LocalCluster;
}

/** @returns the error for a context whose cluster does not answer. */
export function silentCluster({ context, server, files, reason, local }: SilentServer): NoClusterError {
  const where = files.join(", ");
  if (server === undefined) {
    return new NoClusterError(
      [
        `context ${context}: ${where} has no API server for it`,
        `add its cluster with kubectl config set-cluster, or choose another one with --context; ${listContexts}`,
      ].join("\n  "),
    );
  }
  return new NoClusterError(
    [
      `context ${context}${local ? ` of ${local.program}` : ""}: its cluster does not answer`,
      `looked for ${server}, from ${where}: ${reason ?? "no answer"}`,
      local
        ? `start it: ${local.start}`
        : `look whether this machine is in its network, and the address is right: kubectl --context ${context} cluster-info`,
      `or choose another one with --context; ${listContexts}`,
    ].join("\n  "),
  );
}

/** @returns the error for an embedded cluster that does not run. */
export function silentSandbox(kubeconfig: string, reason: string, why: string): NoClusterError {
  return new NoClusterError(
    [
      `the embedded cluster (${why}) does not run`,
      `looked for ${kubeconfig}: ${reason}`,
      "start it with what it had: npm run sandbox -- up; with the mesh: npm start -- --sandbox",
    ].join("\n  "),
  );
}

/** @returns the error of a command that needs a cluster where there is none at all. */
export function noClusterAtAll(why: string, lookedFor: string): NoClusterError {
  return new NoClusterError(
    [
      `there is no cluster to look at: ${why}`,
      `looked for ${lookedFor}, and for the embedded cluster, which was never started`,
      "bring one up with npm start, or name one with --context NAME or --sandbox",
    ].join("\n  "),
  );
}
