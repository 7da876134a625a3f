import * as pulumi from "@pulumi/pulumi";
import { allConfig } from "@pulumi/pulumi/runtime";
import { chooseCluster } from "./cluster";
import type { Cluster } from "./cluster";
import { configNamespace, knownConfigKeys, parseConfig } from "./config";
import { ConfigError } from "./configError";
import type { ConfigProblem } from "./configError";
import { gatewayLeadsNowhere } from "./gatewayConfig";
import { manifestFolderKey, readStackFileAt } from "./stackFile";
import type { StackConfig } from "./config";
import type { ServiceConfig, ServiceVersion } from "./servicesConfig";
import { kubeconfigFiles, nodeAddress, readKubeconfig } from "./kubeconfig";

/**
 * @returns true if a key, with its namespace, is encrypted in the stack's file. The SDK knows, but does not say; so
 * does its source.
 */
function isConfigSecret(key: string): boolean {
  const keys: unknown = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS || "[]");
  return Array.isArray(keys) && keys.includes(key);
}

/** A service whose environment may be secret. */
type SecretableService = Omit<ServiceConfig, "env" | "versions"> & {
  env?: Record<string, pulumi.Input<string>>;
  versions?: (Omit<ServiceVersion, "env"> & { env?: Record<string, pulumi.Input<string>> })[];
};

/** All inputs of the program: its configuration, and its cluster. */
export type Settings = Omit<StackConfig, "cluster" | "services"> & {
  services: SecretableService[];
  cluster: Cluster & {
    kubeconfig?: string;
    nodeAddress?: string;
    /** Folder for manifests that are written in place of an update of a cluster. */
    manifestFolder?: string;
  };
};

/**
 * Reads configuration and kubeconfig of the running Pulumi program.
 * @throws ConfigError naming all mistakes, before any resource is declared.
 */
export function readSettings(): Settings {
  const config = readConfig();
  const { kubeconfig } = config.cluster;
  const contexts = readKubeconfig(kubeconfigFiles(kubeconfig));
  const manifestFolder = allConfig()[manifestFolderKey];
  const cluster = chooseCluster(config.cluster, contexts, pulumi.runtime.isDryRun() || manifestFolder !== undefined);
  const services = config.services.map((service) =>
    // What was encrypted in the stack's file stays so in the state; only the pods see it.
    isConfigSecret(`${configNamespace}:services`) ? withSecretEnv(service) : service,
  );
  return {
    ...config,
    services,
    cluster: { ...cluster, kubeconfig, nodeAddress: nodeAddress(cluster.context, contexts), manifestFolder },
  };
}

/**
 * Reads config, and the form of the stack's file: what the engine makes of a wrong one is not what was meant.
 * @throws ConfigError with the mistakes of both.
 */
function readConfig(): StackConfig {
  const ofFile = problemsOf(() =>
    readStackFileAt(`Pulumi.${pulumi.getStack()}.yaml`, configNamespace, knownConfigKeys()),
  );
  let config: StackConfig | undefined;
  const ofValues = problemsOf(() => (config = parseConfig(allConfig(), isConfigSecret)));
  if (config === undefined || ofFile.length > 0) {
    const named = new Set(ofFile.map(({ key }) => key));
    throw new ConfigError([...ofFile, ...ofValues.filter(({ key }) => !named.has(key))]);
  }
  const nowhere = gatewayLeadsNowhere(config.services, config.observability.dashboardsExposed);
  if (nowhere) {
    throw new ConfigError([nowhere]);
  }
  return config;
}

function problemsOf(read: () => unknown): readonly ConfigProblem[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems;
    }
    throw error;
  }
}

/** @returns the service with every value of its environment marked as a secret. */
function withSecretEnv(service: ServiceConfig): SecretableService {
  const secret = (env?: Record<string, string>) =>
    env && Object.fromEntries(Object.entries(env).map(([name, value]) => [name, pulumi.secret(value)]));
  return {
    ...service,
    env: secret(service.env),
    versions: service.versions?.map((version) => ({ ...version, env: secret(version.env) })),
  };
}
