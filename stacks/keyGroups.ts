import { clusterKeys } from "./clusterConfig";
import { externalHostsKeys } from "./externalHostsConfig";
import { gatewayKeys } from "./gatewayConfig";
import { imagesKeys } from "./imagesConfig";
import { istioKeys } from "./istioConfig";
import { loadKeys } from "./loadTargets";
import { namespacesKeys } from "./namespacesConfig";
import { observabilityKeys } from "./observabilityConfig";
import { profileKeys } from "./profile";
import { rateLimitKeys } from "./rateLimitConfig";
import type { Keys } from "./schema";
import { scopeKeys } from "./scopeConfig";
import { podKeys, securityKeys } from "./securityConfig";
import { servicesKeys } from "./servicesConfig";

/** Config keys that belong together, for Pulumi.yaml and docs/configuration.md. */
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

/** Every config key. */
export const allKeys: Keys = Object.fromEntries(keyGroups.flatMap(({ keys }) => Object.entries(keys)));
