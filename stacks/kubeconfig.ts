import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { parse } from "yaml";
import { isMap } from "../common/isMap";
import { isLoopback } from "./localAddress";

/** What a kubeconfig says about where `kubectl` would go. */
export interface Kubeconfig {
  /** Current context; undefined if none is set. */
  current?: string;
  /** Names of all contexts. */
  contexts: string[];
  /** Contexts that minikube wrote, which may have any name. */
  minikubeContexts: string[];
  /** URL of the API server, by context. */
  servers: Record<string, string>;
  /** Contexts whose API server is reached through a proxy that the kubeconfig names. */
  proxied?: string[];
}

/** @returns where a kubeconfig is looked for: the given file, or those of KUBECONFIG, or kubectl's default. */
export function kubeconfigPaths(path?: string, env: NodeJS.ProcessEnv = process.env): string[] {
  const files = path ? [path] : env.KUBECONFIG ? env.KUBECONFIG.split(delimiter) : [join(homedir(), ".kube", "config")];
  return files.filter((file) => file !== "");
}

/** @returns those of {@link kubeconfigPaths} that exist. */
export function kubeconfigFiles(path?: string, env: NodeJS.ProcessEnv = process.env): string[] {
  return kubeconfigPaths(path, env).filter((file) => existsSync(file));
}

/**
 * Reads kubeconfig files as kubectl merges them: the first that sets a current context wins.
 * @throws Error naming a file that is not readable as YAML.
 */
export function readKubeconfig(files: readonly string[]): Kubeconfig {
  const merged: Kubeconfig = { contexts: [], minikubeContexts: [], servers: byName() };
  const clusters = byName();
  const clusterOf = byName();
  const proxied = new Set<string>();
  for (const file of files) {
    const content = parseFile(file);
    const current = content["current-context"];
    if (merged.current === undefined && typeof current === "string" && current !== "") {
      merged.current = current;
    }
    for (const { name, cluster } of Array.isArray(content.clusters) ? content.clusters.filter(isMap) : []) {
      if (isMap(cluster) && typeof cluster.server === "string") {
        clusters[String(name)] ??= cluster.server;
        if (cluster["proxy-url"]) {
          proxied.add(String(name));
        }
      }
    }
    for (const context of Array.isArray(content.contexts) ? content.contexts.filter(isMap) : []) {
      const name = String(context.name);
      merged.contexts.push(name);
      if (isMap(context.context) && typeof context.context.cluster === "string") {
        clusterOf[name] ??= context.context.cluster;
      }
      if (JSON.stringify(context).includes("minikube.sigs.k8s.io")) {
        merged.minikubeContexts.push(name);
      }
    }
  }
  // A context may name a cluster of a later file.
  for (const [context, cluster] of Object.entries(clusterOf)) {
    const server = clusters[cluster];
    if (server !== undefined) {
      merged.servers[context] = server;
    }
    if (proxied.has(cluster)) {
      (merged.proxied ??= []).push(context);
    }
  }
  return merged;
}

/**
 * @returns an object that has nothing in it, not even what every object inherits: a context may be called
 * `constructor`.
 */
function byName(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

/**
 * @returns the address of a node of a local cluster of one node, on which the API server runs too: the host of the
 * server's URL. Undefined where that is this machine itself, as with minikube's docker driver on macOS: node ports are
 * then not reached at all.
 */
export function nodeAddress(context: string | undefined, { servers }: Pick<Kubeconfig, "servers">): string | undefined {
  const server = context === undefined ? undefined : servers[context];
  const host = server === undefined ? undefined : serverHost(server);
  return host === undefined || isLoopback(host) ? undefined : host;
}

/** @returns the host of an API server's URL, without the brackets of an IPv6 address; undefined if it is no URL. */
export function serverHost(server: string): string | undefined {
  return URL.canParse(server) ? new URL(server).hostname.replace(/^\[(.*)\]$/, "$1") : undefined;
}

function parseFile(file: string): Record<string, unknown> {
  try {
    const content: unknown = parse(readFileSync(file, "utf8"));
    return isMap(content) ? content : {};
  } catch (error) {
    throw new Error(`kubeconfig ${file} can't be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
