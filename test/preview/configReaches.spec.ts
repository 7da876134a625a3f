/** A key that config accepts and the program forgets is silently ignored: each one has to change what is declared. */
import assert from "node:assert/strict";
import { readProject } from "../../commands/session/stackFiles";
import { wholeProgram } from "../support/wholeProgram";

type Settings = Record<string, string>;

/** A value other than the default, and what else has to be set, before and after, for the key to mean something. */
type Change = [value: string, beside?: Settings];

const mesh = JSON.stringify({ accessLogEncoding: "TEXT" });
const limited = JSON.stringify([{ name: "a", path: "/a", globalRateLimit: { requests: 1, unit: "second" } }]);
const s3 = { logsBucket: "logs", logsBucketRegion: "eu-west-1" };

const changes: Record<string, Change> = {
  profile: ["prod"],
  kubeContext: ["kind-other"],
  upstreamEnvoy: ["true"],
  namespace: ["shop"],
  articleNames: ["true"],
  services: [limited],
  registry: ["mirror.example"],
  images: [JSON.stringify({ loki: "example.com/loki:1" })],
  istioVersion: ["1.31.5"],
  istioCharts: ["oci://mirror.example/charts"],
  istioHub: ["mirror.example/istio"],
  istioTag: ["1.31.5"],
  istioRevision: ["stable"],
  istioCanary: [JSON.stringify({ revision: "canary", version: "1.31.5" }), { istioRevision: "stable" }],
  istioInjector: [
    "canary",
    { istioRevision: "stable", istioCanary: JSON.stringify({ revision: "canary", version: "1.31.5" }) },
  ],
  istioMeshConfig: [mesh],
  egressGateway: ["true"],
  ingressApi: ["gateway"],
  gatewayServiceType: ["ClusterIP"],
  gatewayAnnotations: [JSON.stringify({ a: "b" })],
  gatewayHttpNodePort: ["30081"],
  gatewayHttpsNodePort: ["30444", { gatewayTlsSecret: "cert" }],
  gatewayHosts: [JSON.stringify(["a.example.com"])],
  gatewayTlsSecret: ["cert"],
  gatewaySelfSigned: ["true"],
  gatewayIssuer: ["ClusterIssuer/ca", { gatewayHosts: JSON.stringify(["a.example.com"]) }],
  mutualTls: ["PERMISSIVE"],
  defaultDeny: ["false"],
  outboundTraffic: ["REGISTRY_ONLY"],
  externalHosts: [JSON.stringify([{ host: "api.example.com", port: 443, protocol: "HTTPS" }])],
  proxyScope: ["declared"],
  proxyScopeHosts: [JSON.stringify(["other/*"]), { proxyScope: "declared" }],
  istioCni: ["true"],
  istioCniBinFolder: ["/opt/other/bin", { istioCni: "true" }],
  istioCniConfFolder: ["/etc/other/net.d", { istioCni: "true" }],
  podSecurity: ["baseline", { istioCni: "true" }],
  networkPolicy: ["true"],
  resourceQuota: [JSON.stringify({ pods: "1000" })],
  loadGenerator: ["false"],
  loadGeneratorRate: ["7"],
  rateLimitRedisUrl: ["redis://redis.example.com:6379", { services: limited }],
  rateLimitRedisAuth: ["redis-auth", { services: limited, rateLimitRedisUrl: "redis://redis.example.com:6379" }],
  metricsBackend: ["none", { kiali: "false" }],
  metricsUrl: ["http://b.example.com:9090", { metricsBackend: "existing", metricsUrl: "http://a.example.com:9090" }],
  metricsRetention: ["3d"],
  metricsVolume: ["7Gi"],
  alertmanagerUrl: ["http://alertmanager.example.com:9093/alerts"],
  alertWebhookUrl: ["https://chat.example.com/hook"],
  metricsRemoteWrite: [JSON.stringify(["https://mimir.example.com/push"])],
  tracingBackend: ["none"],
  tracingUrl: ["http://b.example.com:4317", { tracingBackend: "existing", tracingUrl: "http://a.example.com:4317" }],
  tracingSampling: ["7"],
  tracingStorage: ["opensearch", { tracingStorageUrl: "https://a.example.com:9200", tracingStorage: "elasticsearch" }],
  tracingStorageUrl: [
    "https://b.example.com:9200",
    { tracingStorage: "opensearch", tracingStorageUrl: "https://a.example.com:9200" },
  ],
  logsBackend: ["none"],
  logsUrl: ["http://b.example.com:4318", { logsBackend: "otlp", logsUrl: "http://a.example.com:4318" }],
  logsRetention: ["3d"],
  logsVolume: ["7Gi"],
  logsBucket: ["others", s3],
  logsBucketRegion: ["eu-north-1", s3],
  logsBucketUrl: ["https://s3.example.com", s3],
  podLogsFolder: ["/var/log/other"],
  kiali: ["false"],
  grafana: ["false"],
  dashboardsExposed: ["true"],
  observabilityNetworkPolicy: ["true"],
};

/** Keys that tell where the cluster is, and how it is reached: they change outputs alone, which other specs look at. */
const outputsAlone = ["kubeconfig", "clusterKind", "gatewayAddress"];

/** @param of Beginning of the names of the resources that are looked at. Default: all are. */
async function declared(settings: Settings, of = ""): Promise<string> {
  const { resources, failure } = await wholeProgram("dev", settings);
  assert.ifError(failure);
  return resources
    .filter(({ name }) => name.startsWith(of))
    .map(({ type, name, inputs }) => JSON.stringify([type, name, inputs]))
    .sort()
    .join("\n");
}

describe("a config key", () => {
  it("is looked at here, whichever it is", () => {
    assert.deepEqual([...Object.keys(changes), ...outputsAlone].sort(), Object.keys(readProject().keys).sort());
  });

  it("changes nothing by its default", async () => {
    const defaults = { profile: "dev", mutualTls: "STRICT", namespace: "demo", networkPolicy: "false" };
    assert.equal(await declared(defaults), await declared({}));
  });

  for (const [key, [value, beside = {}]] of Object.entries(changes)) {
    it(`changes what is declared: ${key}`, async () => {
      assert.notEqual(await declared({ ...beside, [key]: value }), await declared(beside));
    });
  }

  // What holds for the namespace of the services holds for the one of what they ask, too.
  for (const of of ["mesh", "rate-limit"]) {
    for (const [key, value] of [
      ["mutualTls", "PERMISSIVE"],
      ["networkPolicy", "true"],
      ["podSecurity", "baseline"],
    ] as const) {
      it(`changes what is declared as ${of}: ${key}`, async () => {
        const beside = { services: limited, istioCni: "true" };
        const before = await declared(beside, of);
        assert.ok(before.includes(`${of}-namespace`), before);
        assert.notEqual(await declared({ ...beside, [key]: value }, of), before);
      });
    }
  }
});
