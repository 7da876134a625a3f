import type { ExternalHost } from "../components/externalHosts";
import { callLog } from "../components/loadGenerator";
import { dashboardNames, exposedPath } from "../components/observability/endpoints";
import type { LoadSettings } from "../components/loadGenerator";
import { clusterKeys, readCluster, type ClusterConfig } from "./clusterConfig";
import { ConfigError } from "./configError";
import { ConfigReader, type RawConfig } from "./configReader";
import { dev } from "./dev";
import { externalHostsKeys, readExternalHosts } from "./externalHostsConfig";
import { rejectUnknownAuthorizers } from "./guardsConfig";
import { gatewayKeys, readGateway, type GatewayConfig } from "./gatewayConfig";
import { readDigests, type ImageDigests } from "./imageDigests";
import { imagesKeys, readImages, type IstioConfigWithImages } from "./imagesConfig";
import { istioKeys, readIstio } from "./istioConfig";
import { calleeTargets } from "./loadTargets";
import { observabilityKeys, readObservability, type ObservabilityConfig } from "./observabilityConfig";
import { namespacesKeys, readNamespaces, type StackNamespaces } from "./namespacesConfig";
import { prod } from "./prod";
import { profileNames, type Profile, type ProfileName } from "./profile";
import { plannedPods, rejectSmallQuota } from "./quotaConfig";
import { readScope, scopeKeys, type ScopeConfig } from "./scopeConfig";
import { rateLimitKeys, readRateLimit, type RateLimitConfig } from "./rateLimitConfig";
import { flag, key, oneOf, whole, type Keys } from "./schema";
import { podKeys, readSecurity, securityKeys, type SecurityConfig } from "./securityConfig";
import { foreignKeyProblem } from "./stackFile";
import { readServices, servicesKeys, type ServiceConfig } from "./servicesConfig";

/**
 * A profile for proxies that are the upstream Envoy, as the images of the embedded cluster have it. It lacks Istio's own filters for
 * metadata exchange, ALPN and statistics: istiod must not configure them, and an access logger counts requests in their place.
 */
export function withUpstreamEnvoy(profile: Profile): Profile {
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

/** Keys of the profile. */
const profileKeys = {
  profile: key(
    "Sizes and defaults, one of dev (minikube, kind), prod (a cluster of several nodes).",
    oneOf(profileNames),
    "dev",
  ),
  upstreamEnvoy: key(
    "The proxies' image holds the upstream Envoy, without Istio's own filters; istiod leaves these out, and an access logger counts requests.",
    flag,
    false,
  ),
};

/** Keys of the load generator. */
const loadKeys = {
  loadGenerator: key(
    "Send steady traffic over every declared edge, true or false, through the gateway and from each caller's own pod. auto does, but not in prod.",
    flag,
  ),
  loadGeneratorRate: key(
    "Requests per second of the load generator on each edge, 1 to 100; a caller of several pods sends as many from each.",
    whole(1, 100),
    1,
  ),
};

/** Reads the keys of the load generator. @returns undefined if it is off. */
function readLoad(reader: ConfigReader, { load, images }: Profile): LoadSettings | undefined {
  const { loadGenerator = load.enabled, loadGeneratorRate: ratePerSecond } = reader.read(loadKeys);
  return loadGenerator ? { image: images.fortio, ratePerSecond, resources: load.resources } : undefined;
}

/** Config keys that belong together, for docs/configuration.md. */
export interface KeyGroup {
  title: string;
  keys: Keys;
  /** An example of them: the `config` block's lines, without the project's prefix. */
  example: string;
}

/** Every config key, by group. */
export const keyGroups: readonly KeyGroup[] = [
  {
    title: "Cluster and profile",
    keys: { ...profileKeys, ...clusterKeys },
    example: `
profile: prod
kubeContext: acme-eu`,
  },
  {
    title: "Services",
    keys: { ...namespacesKeys, ...servicesKeys, ...podKeys },
    example: `
namespace: shop
services:
  - name: user-service # DNS label; names Service, Deployment and identity
    text: Hello from User Service # the answer of the default image
    path: /user # on the gateway; without it the service stays inside the mesh
    replicas: 2
  - name: shop
    image: registry.example/shop:1.4.2 # any image that listens on a port
    port: 8080
    args: ["--verbose"]
    env: { LOG_LEVEL: info }
    probePath: /healthz # default: an open port is enough
    resources: { requests: { cpu: 50m, memory: 64Mi } }
    user: 101 # user and group of the container; default 65532, never root and never the sidecar's 1337
    writablePaths: [/tmp, /var/cache/nginx] # the root file system is read-only; these start empty in each pod
    logFiles: { folder: /var/log/shop, files: "*.log" } # what the application writes, for the log scraper
    calls: [{ path: /shop/orders, service: user-service }] # answered by a call to another service
    timeout: 5s # total, retries included
    retries: { attempts: 2, perTryTimeout: 2s, retryOn: "5xx" } # attempts: 0 switches Istio's own off, too
    circuitBreaker: { maxConnections: 100, maxPendingRequests: 50, consecutive5xx: 5, baseEjectionTime: 30s }
    rateLimit: { tokens: 100, fillInterval: 1s, burst: 200 } # per pod
    globalRateLimit: { requests: 5000, unit: minute } # all pods together; failOpen: false answers 503 without a limiter
    versions: [{ version: v1, weight: 90 }, { version: v2, weight: 10 }]
    canary: { header: x-canary, value: "yes", version: v2 }
    mirror: { version: v2, percent: 5 }
    fault: { delay: { percent: 10, duration: 2s } }
    allowFrom: [user-service] # or namespace/account
    jwt: { issuer: "https://login.example", jwksUri: "https://login.example/keys", audiences: [shop], paths: [/shop] }
    extAuthz: { url: "http://authz.auth.svc.cluster.local:9000", requestHeaders: [cookie], timeout: 500ms }
    slo: { success: 99.9, latency: 250ms, window: 30d } # 99.9 % without 5xx and within 250 ms`,
  },
  {
    title: "Istio",
    keys: { ...istioKeys, ...scopeKeys, ...imagesKeys },
    example: `
istioHub: registry.example/istio
istioCni: true`,
  },
  {
    title: "Gateways",
    keys: gatewayKeys,
    example: `
gatewayServiceType: LoadBalancer
gatewayHosts: [shop.example]
gatewayTlsSecret: shop-example-tls`,
  },
  {
    title: "Security",
    keys: { ...securityKeys, ...externalHostsKeys },
    example: `
outboundTraffic: REGISTRY_ONLY
externalHosts:
  - { host: api.example.com, port: 443, protocol: TLS }`,
  },
  {
    title: "Load and rate limits",
    keys: { ...loadKeys, ...rateLimitKeys },
    example: `
loadGeneratorRate: 5`,
  },
  {
    title: "Metrics, traces, logs, dashboards",
    keys: observabilityKeys,
    example: `
tracingStorage: elasticsearch
tracingStorageUrl: http://elasticsearch.elastic.svc.cluster.local:9200
logsBucket: acme-mesh-logs
metricsRetention: 30d`,
  },
];

const allKeys: Keys = Object.assign({}, ...keyGroups.map(({ keys }) => keys));

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
 * @param digests Digests of released images, which the profile prod goes by. Default: those that `npm run digests` has written.
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
  rejectUnknownAuthorizers(reader, read);
  read.services.forEach(({ logFiles }, i) => {
    if (logFiles && read.observability.logs.kind === "none") {
      const fix = "logsBackend is none, so that nothing reads them; set logsBackend, or remove this key";
      reader.problem(`services[${i}].logFiles`, logFiles, fix);
    }
  });
  const { kind } = read.observability.metrics;
  read.services.forEach(({ slo }, i) => {
    if (slo && kind === "existing") {
      const fix =
        "its rules and alerts are for the stack's own Prometheus; set metricsBackend to prometheus, or remove this key";
      reader.problem(`services[${i}].slo`, { success: slo.success }, fix);
    }
  });
  const config = withCallLogs(read);
  // A quota that can't be read was noted already, and so were services.
  if (!reader.isWrong("resourceQuota") && !reader.isWrong("services")) {
    rejectSmallQuota(reader, config.security.resourceQuota, plannedPods(config), config.services.length);
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

/** Lets callers log the requests of the load generator to files, where a log store takes them and config names no files of theirs. */
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
