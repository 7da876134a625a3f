/** Selects the cluster of kubectl. */
export interface KubectlTarget {
  /** Path of the kubeconfig. Default: as kubectl finds it. */
  kubeconfig?: string;
  /** Context in it. Default: the current one. */
  context?: string;
}

/**
 * @returns the kubectl command for a cluster, to be pasted into a shell; whatever the shell's own context is, it asks
 * that cluster.
 */
export function kubectlCommand({ kubeconfig, context }: KubectlTarget): string {
  return [
    "kubectl",
    ...(kubeconfig ? ["--kubeconfig", quoted(kubeconfig)] : []),
    ...(context ? ["--context", quoted(context)] : []),
  ].join(" ");
}

/** @returns a word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
