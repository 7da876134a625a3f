import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { projectFolder, readProject } from "./stackFiles";

/** Path of the page that this script writes. */
export const configurationPageFile = join(projectFolder, "docs", "configuration.md");

/** Keys that belong together, and an example of them as a stack file has it. */
interface KeyGroup {
  title: string;
  keys: readonly string[];
  /** The `config` block's lines, without the project's prefix. */
  example: string;
}

const groups: readonly KeyGroup[] = [
  {
    title: "Cluster and profile",
    keys: ["profile", "kubeconfig", "kubeContext", "clusterKind", "upstreamEnvoy", "podLogsFolder"],
    example: `
profile: prod
kubeContext: acme-eu`,
  },
  {
    title: "Services",
    keys: ["namespace", "articleNames", "services", "podSecurity", "resourceQuota"],
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
    keys: [
      "istioVersion",
      "istioCharts",
      "istioHub",
      "istioTag",
      "istioRevision",
      "istioCanary",
      "istioInjector",
      "istioMeshConfig",
      "istioCni",
      "istioCniBinFolder",
      "istioCniConfFolder",
      "proxyScope",
      "proxyScopeHosts",
      "registry",
      "images",
    ],
    example: `
istioHub: registry.example/istio
istioCni: true`,
  },
  {
    title: "Gateways",
    keys: [
      "ingressApi",
      "gatewayServiceType",
      "gatewayAnnotations",
      "gatewayHttpNodePort",
      "gatewayHttpsNodePort",
      "gatewayAddress",
      "gatewayHosts",
      "gatewayTlsSecret",
      "gatewaySelfSigned",
      "gatewayIssuer",
      "egressGateway",
    ],
    example: `
gatewayServiceType: LoadBalancer
gatewayHosts: [shop.example]
gatewayTlsSecret: shop-example-tls`,
  },
  {
    title: "Security",
    keys: ["mutualTls", "defaultDeny", "networkPolicy", "outboundTraffic", "externalHosts"],
    example: `
outboundTraffic: REGISTRY_ONLY
externalHosts:
  - { host: api.example.com, port: 443, protocol: TLS }`,
  },
  {
    title: "Load and rate limits",
    keys: ["loadGenerator", "loadGeneratorRate", "rateLimitRedisUrl", "rateLimitRedisAuth"],
    example: `
loadGeneratorRate: 5`,
  },
  {
    title: "Metrics, traces, logs, dashboards",
    keys: [
      "metricsBackend",
      "metricsUrl",
      "metricsRetention",
      "metricsVolume",
      "metricsRemoteWrite",
      "alertmanagerUrl",
      "alertWebhookUrl",
      "tracingBackend",
      "tracingUrl",
      "tracingSampling",
      "tracingStorage",
      "tracingStorageUrl",
      "logsBackend",
      "logsUrl",
      "logsRetention",
      "logsVolume",
      "logsBucket",
      "logsBucketRegion",
      "logsBucketUrl",
      "kiali",
      "grafana",
      "dashboardsExposed",
      "observabilityNetworkPolicy",
    ],
    example: `
tracingStorage: elasticsearch
tracingStorageUrl: http://elasticsearch.elastic.svc.cluster.local:9200
logsBucket: acme-mesh-logs
metricsRetention: 30d`,
  },
];

/**
 * @returns the page with every config key by group, with default and meaning; Pulumi.yaml is the source.
 * @throws Error if a key of Pulumi.yaml is in no group: add it to one here.
 */
export async function configurationPage(): Promise<string> {
  const { name, keys } = readProject();
  const grouped = new Set(groups.flatMap((group) => group.keys));
  const missing = Object.keys(keys).filter((key) => !grouped.has(key));
  if (missing.length > 0) {
    throw new Error(`commands/configurationPage.ts: no group has ${missing.join(", ")}; add each to a group`);
  }
  const sections = groups.map(({ title, keys: wanted, example }) => {
    const rows = wanted
      .filter((key) => key in keys)
      .map((key) => `| \`${key}\` | ${shown(keys[key]!.default)} | ${keys[key]!.description ?? ""} |`);
    const lines = example.trim().split("\n");
    const block = ["config:", ...lines.map((line) => `  ${/^\w/.test(line) ? `${name}:` : ""}${line}`)];
    return [
      `## ${title}`,
      ["| key | default | what it does |", "| --- | --- | --- |", ...rows].join("\n"),
      ["```yaml", ...block, "```"].join("\n"),
    ].join("\n\n");
  });
  const intro = `Keys of a stack file, \`Pulumi.NAME.yaml\`, with the prefix \`${name}:\`. \`pulumi config set KEY VALUE\` writes one;
\`npm start -- --config KEY=VALUE\` sets one for a single run. Mistakes are reported together, each with key, value and fix, before
anything changes. \`npm run docs\` writes this page from \`Pulumi.yaml\`.`;
  return format(["# Configuration", intro, ...sections].join("\n\n"), { parser: "markdown", printWidth: 120 });
}

function shown(value: unknown): string {
  if (Array.isArray(value) && value.length > 1) {
    return "user-service and payment-service";
  }
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

if (require.main === module) {
  void configurationPage().then((text) => writeFileSync(configurationPageFile, text));
}
