import type { ExternalHost } from "../components/externalHosts";
import { callLog } from "../components/loadGenerator";
import { dashboardNames, exposedPath } from "../components/observability/endpoints";
import type { LoadSettings } from "../components/loadGenerator";
import { readCluster, type ClusterConfig } from "./clusterConfig";
import { ConfigError } from "./configError";
import { ConfigReader, type RawConfig } from "./configReader";
import { dev } from "./dev";
import { readExternalHosts } from "./externalHostsConfig";
import { rejectUnknownAuthorizers } from "./guardsConfig";
import { readGateway, rejectBeyondApi, type GatewayConfig } from "./gatewayConfig";
import { readDigests, type ImageDigests } from "./imageDigests";
import { readImages, type IstioConfigWithImages } from "./imagesConfig";
import { readIstio } from "./istioConfig";
import { allKeys } from "./keyGroups";
import { calleeTargets, readLoad } from "./loadTargets";
import { readObservability, type ObservabilityConfig } from "./observabilityConfig";
import { readNamespaces, type StackNamespaces } from "./namespacesConfig";
import { prod } from "./prod";
import { profileKeys, type Profile, type ProfileName } from "./profile";
import { plannedObjects, plannedPods, rejectSmallQuota, rejectTwinContainers } from "./quotaConfig";
import { readScope, type ScopeConfig } from "./scopeConfig";
import { readRateLimit, type RateLimitConfig } from "./rateLimitConfig";
import { readSecurity, type SecurityConfig } from "./securityConfig";
import { foreignKeyProblem } from "./stackFile";
import { readServices, type ServiceConfig } from "./servicesConfig";

/**
 * A profile for proxies that are the upstream Envoy, as the images of the embedded cluster have it. It lacks Istio's
 * own filters for metadata exchange, ALPN and statistics: istiod must not configure them, and an access logger counts
 * requests in their place.
 */
function withUpstreamEnvoy(profile: Profile): Profile {
  return {
    ...profile,
    istio: {
      ...profile.istio,
      istiodEnv: {
        ...profile.istio.istiodEnv,
        PILOT_ENABLE_METADATA_EXCHANGE: "false",
        PILOT_ENABLE_ALPN_FILTER: "false",
      },
      telemetryFilter: false,
    },
    observability: { ...profile.observability, statsAccessLog: true },
  };
}

/** Namespace of our keys; Pulumi takes it from the project's name. */
export const configNamespace = "sidecar-mesh";

const profiles: Record<ProfileName, Profile> = { dev, prod };

/** The whole configuration: checked, typed, and with every default filled in. */
export interface StackConfig {
  profile: Profile;
  cluster: ClusterConfig;
  /** Namespace of the services. */
  namespace: string;
  /** Namespaces of all else. */
  namespaces: StackNamespaces;
  istio: IstioConfigWithImages;
  gateway: GatewayConfig;
  security: SecurityConfig;
  /** Hosts outside of the mesh that its proxies know. */
  externalHosts: ExternalHost[];
  services: ServiceConfig[];
  observability: ObservabilityConfig;
  /** Steady traffic; undefined if there is none. */
  load?: LoadSettings;
  rateLimit: RateLimitConfig;
  scope: ScopeConfig;
}

/**
 * Reads the configuration.
 * @param raw All config as Pulumi hands it out, with namespaces. A key of a namespace that nothing reads is a mistake.
 * @param isSecret Returns for a key, with its namespace, whether its value is secret. Default: none is secret.
 * @param digests Digests of released images, which the profile prod goes by. Default: those that `npm run digests` has
 * written.
 * @throws ConfigError that lists every mistake.
 */
export function parseConfig(
  raw: RawConfig,
  isSecret: (key: string) => boolean = () => false,
  digests = readDigests(),
): StackConfig {
  const { config, reader } = readConfig(raw, digests);
  if (reader.problems.length > 0) {
    const hidden = (key: string) => isSecret(`${configNamespace}:${key.split(/[.[]/)[0]}`);
    throw new ConfigError(
      reader.problems.map((problem) => (hidden(problem.key) ? { ...problem, value: "[secret]" } : problem)),
    );
  }
  return config;
}

/** @returns every key that the program knows. */
export function knownConfigKeys(): string[] {
  return Object.keys(allKeys);
}

function readConfig(raw: RawConfig, digests: ImageDigests): { config: StackConfig; reader: ConfigReader } {
  const prefix = `${configNamespace}:`;
  const own = Object.entries(raw).filter(([key]) => key.startsWith(prefix));
  const reader = new ConfigReader(Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])));

  const { profile: name, upstreamEnvoy } = reader.read(profileKeys);
  const named = upstreamEnvoy ? withUpstreamEnvoy(profiles[name]) : profiles[name];
  const images = readImages(reader, name === "prod" ? digests : {});
  const profile = { ...named, images: images.table(named.images) };
  const istio = images.istio(readIstio(reader, named.name));
  const services = images.services(readServices(reader, profile));
  const unscoped: Omit<StackConfig, "scope"> = {
    profile,
    cluster: readCluster(reader),
    ...readNamespaces(reader),
    istio,
    gateway: readGateway(reader, profile),
    security: readSecurity(reader, istio.cni),
    externalHosts: readExternalHosts(reader, services),
    services,
    observability: readObservability(reader, profile),
    load: readLoad(reader, profile),
    rateLimit: readRateLimit(reader, services),
  };
  const read = { ...unscoped, scope: readScope(reader, profile.name, unscoped.security.defaultDeny) };
  rejectTakenPaths(reader, read);
  rejectBeyondApi(reader, read.gateway, read.services);
  rejectUnknownAuthorizers(reader, read);
  read.services.forEach(({ logFiles }, i) => {
    if (logFiles && read.observability.logs.kind === "none") {
      const fix = "logsBackend is none, so that nothing reads them; set logsBackend, or remove this key";
      reader.problem(`services[${i}].logFiles`, logFiles, fix);
    }
  });
  const { kind } = read.observability.metrics;
  read.services.forEach(({ slo }, i) => {
    if (slo && kind !== "prometheus") {
      const fix =
        "its rules and alerts are for the stack's own Prometheus; set metricsBackend to prometheus, or remove this key";
      reader.problem(`services[${i}].slo`, { success: slo.success }, fix);
    }
  });
  const config = withCallLogs(read);
  rejectTwinContainers(reader, config);
  // A quota that can't be read was noted already, and so were services.
  if (!reader.isWrong("resourceQuota") && !reader.isWrong("services")) {
    const pods = plannedPods(config);
    rejectSmallQuota(reader, config.security.resourceQuota, pods, plannedObjects(config, pods));
  }
  reader.rejectUnknownKeys(allKeys);
  for (const [key, value] of Object.entries(raw)) {
    const problem = foreignKeyProblem(key, configNamespace, knownConfigKeys());
    if (problem) {
      reader.problem(problem.key, value, problem.fix);
    }
  }
  return { config, reader };
}

/**
 * Lets callers log the requests of the load generator to files, where a log store takes them and config names no files
 * of theirs.
 */
function withCallLogs(config: StackConfig): StackConfig {
  if (!config.load || config.observability.logs.kind === "none") {
    return config;
  }
  const callees = calleeTargets(config.services, config.namespace);
  const services = config.services.map((service) =>
    // Rotation takes the owner of the files, which is the sender's user, and that of a service with no user of its own.
    service.logFiles || service.user !== undefined || !callees.get(service.serviceName)?.length
      ? service
      : { ...service, logFiles: callLog },
  );
  return { ...config, services };
}

/** An exposed dashboard has a path of the gateway, which no service can have as well. */
function rejectTakenPaths(reader: ConfigReader, { services, observability }: StackConfig): void {
  const taken = observability.dashboardsExposed ? dashboardNames.map(exposedPath) : [];
  services.forEach((service, i) =>
    [service, ...service.calls].forEach(({ path }, j) => {
      if (path !== undefined && taken.includes(path)) {
        const at = j === 0 ? `services[${i}]` : `services[${i}].calls[${j - 1}]`;
        reader.problem(`${at}.path`, path, "an exposed dashboard has it; choose another, or unset dashboardsExposed");
      }
    }),
  );
}
