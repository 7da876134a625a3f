import assert from "node:assert/strict";
import { inspect } from "node:util";
import { istioVersion } from "../components/versions";
import { configNamespace, parseConfig, type StackConfig } from "./config";
import { ConfigError } from "./configError";

type Config = Record<string, unknown>;

const parse = (config: Config) =>
  parseConfig(
    Object.fromEntries(
      Object.entries(config).map(([key, value]) => [
        `${configNamespace}:${key}`,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ),
  );

function errorOf(config: Config): ConfigError | undefined {
  try {
    parse(config);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error;
  }
  return undefined;
}

/** @returns the mistakes of a config, as `key: fix`. */
const problemsOf = (config: Config) => errorOf(config)?.problems.map(({ key, fix }) => `${key}: ${fix}`) ?? [];

/** @returns a config with a service `a` that has these keys, beside one that it can name. */
const service = (own: object): Config => ({
  services: [
    { name: "a", path: "/a", ...own },
    { name: "b", path: "/b" },
  ],
});
const jwt = (own: object) =>
  service({ jwt: { issuer: "https://login.example", jwksUri: "https://login.example/keys", ...own } });
const keys = (jwks: unknown) => service({ jwt: { issuer: "x", jwks } });
const authorizer = (own: object) => service({ extAuthz: { url: "http://authz.auth.svc.cluster.local", ...own } });
const canary = (own: object) => ({ istioVersion: "1.30.4", istioCanary: { revision: "next", ...own } });
const otlp = (logsUrl: string) => ({ logsBackend: "otlp", logsUrl });
const bucket = (own: object) => ({ logsBucket: "logs", ...own });
const issuer = (gatewayIssuer: string, own: object = {}) => ({ gatewayHosts: ["shop.example"], gatewayIssuer, ...own });
const label = "x".repeat(63);
const longest = [label, label, label, "x".repeat(61)].join(".");

/** A key, how a config holds a value of it, values at the edge of what is right, values beyond, and what is said then. */
type Edge = [key: string, config: (value: never) => Config, right: unknown[], wrong: unknown[], fix: RegExp];

const plain = (key: string) => (value: unknown) => ({ [key]: value });

const edges: Edge[] = [
  [
    "gatewayAddress",
    plain("gatewayAddress"),
    ["a", "a-b.c:1", "10.0.0.1", "A1.example:65535"],
    ["a:0", "a:65536", "a:", ":80", "a:80:90", "a:8x", "a:80\t", "-a", "a-", "a..b", "a_b", "1.2.3.999"],
    /^use host or host:port/,
  ],
  [
    "gatewayHosts[0]",
    (host) => ({ gatewayHosts: [host] }),
    ["*", "*.shop.example", label, longest],
    [`${label}x`, `x${longest}`, "*shop.example", "a.*", "Shop.example"],
    /^use a host name/,
  ],
  [
    "gatewayIssuer",
    issuer,
    ["Issuer/a", "ClusterIssuer/a.b"],
    ["Issuer/", "xIssuer/a", "Cluster/a", "Issuer/a/b", "a"],
    /^use ClusterIssuer\/NAME/,
  ],
  [
    "gatewayIssuer",
    (gatewayTlsSecret) => issuer("Issuer/a", { gatewayTlsSecret }),
    ["auto"],
    ["cert"],
    /gatewayTlsSecret names a certificate already/,
  ],
  [
    "istioVersion",
    plain("istioVersion"),
    ["1.30.4", "10.30.10", "1.31.0-rc.1"],
    ["1.30", "v1.30.4", "1.30.4x", "1.30.4-", "1.30.4-rc 1"],
    /^use a full version/,
  ],
  [
    "istioTag",
    (istioTag) => ({ profile: "prod", istioTag }),
    ["10.30.10-distroless", "1.30.4", "0123456789ab"],
    ["latest", "1.31", "1.31-dev", "x1.30.4", "0123456789a", "ghijklmnopqrs"],
    /^this tag moves/,
  ],
  [
    "istioCanary.version",
    (version) => canary({ version }),
    ["1.28.0", "1.32.0"],
    ["1.27.9", "1.33.0", "2.30.4"],
    /^from 1\.30\.4 Istio can be moved by 2 minor/,
  ],
  [
    "istioInjector",
    (own) => ({ istioInjector: "canary", ...(own as object) }),
    [canary({})],
    [{}],
    /^there is no canary/,
  ],
  ...["istioCniBinFolder", "istioCniConfFolder", "podLogsFolder"].map((key): Edge => [
    key,
    plain(key),
    ["/a", "/opt/cni-1/b_n", "/opt/.bin", "/a/..b"],
    ["opt/cni", "/", "/a/", "/a b", "/a/..", "/a/../b", "/a/.", "x /a"],
    /^use an absolute path of the nodes/,
  ]),
  [
    "istioCharts",
    plain("istioCharts"),
    ["https://charts.example", "oci://charts.example/istio"],
    ["https:///charts", "https:// charts"],
    /^no such/,
  ],
  [
    "metricsRemoteWrite[0]",
    (url) => ({ metricsRemoteWrite: [url] }),
    ["http://a", "https://a.example/write?to=b", "http://a/?to=x://b@c"],
    ["ftp://a", "xhttp://a", "http://", "http://me@a", "https://me:pw@a/x"],
    /^use a URL with its scheme/,
  ],
  [
    "metricsRetention",
    plain("metricsRetention"),
    ["1s", "100y"],
    ["101y", "1", "x15d", "15d "],
    /^use a whole number and one of s/,
  ],
  ...["metricsVolume", "logsVolume"].map((key): Edge => [
    key,
    plain(key),
    ["none", "1Mi", "10Gi", "2Ti"],
    ["0Gi", "x10Gi", "10GiB", "10G", "no"],
    /^use a size/,
  ]),
  [
    "logsBucket",
    plain("logsBucket"),
    ["abc", label, "a.b-c"],
    ["ab", `${label}x`, "-ab", "ab-", "abC"],
    /^use the name of an S3 bucket/,
  ],
  [
    "logsBucketRegion",
    (logsBucketRegion) => bucket({ logsBucketRegion }),
    ["garage", "eu-central-1"],
    ["EU-central-1", "eu_central", "eu-", "-eu", "eu--1"],
    /^use the name of a region/,
  ],
  [
    "alertWebhookUrl",
    (alertmanagerUrl) => ({ alertWebhookUrl: "http://b", alertmanagerUrl }),
    ["auto"],
    ["http://a"],
    /^the Alertmanager at alertmanagerUrl/,
  ],
  [
    "tracingUrl",
    (tracingUrl) => ({ tracingBackend: "existing", tracingUrl }),
    ["http://a", "http://a:4317/"],
    ["http://a/b", "http://a/?b", "http://a?b"],
    /^gRPC has a path of its own/,
  ],
  [
    "tracingUrl",
    (tracingUrl) => ({ tracingBackend: "existing", tracingUrl }),
    ["http://a"],
    ["https://a"],
    /^sidecars send spans/,
  ],
  [
    "tracingStorage",
    (tracingStorage) => ({ tracingBackend: "none", tracingStorage }),
    ["memory", "auto"],
    ["elasticsearch"],
    /^only used with tracingBackend: jaeger or zipkin/,
  ],
  [
    "tracingStorageUrl",
    (tracingStorage) => ({ tracingStorage, tracingStorageUrl: "http://a" }),
    ["opensearch"],
    ["memory"],
    /^only used with tracingStorage/,
  ],
  [
    "tracingStorageUrl",
    (tracingStorageUrl) => ({ tracingBackend: "none", tracingStorageUrl }),
    ["auto"],
    ["http://a"],
    /^only used with tracingBackend/,
  ],
  [
    "tracingSampling",
    plain("tracingSampling"),
    ["0", "0.125", "100"],
    ["-0.1", "100.1", "1e1", "0x10", ".5", "1."],
    /^use a percentage/,
  ],
  [
    "services[0].jwt.issuer",
    (one) => jwt({ issuer: one }),
    ["x", "https://a"],
    ["", "a b", " a", "a*"],
    /^use the claim iss/,
  ],
  [
    "services[0].jwt.jwksUri",
    (jwksUri) => jwt({ jwksUri }),
    ["http://a", "https://a/keys?x=1"],
    ["xhttps://a/keys", "https://me@a/keys", "https://a/k eys", "https://a:x", "ftp://a"],
    /^use an http or https URL/,
  ],
  [
    "services[0].jwt.jwks",
    keys,
    [{ keys: [{ kty: "RSA", n: "x", e: "AQAB" }] }],
    [{}, { keys: [] }, { keys: "RSA" }, { keys: ["RSA"] }, { keys: [{ kty: "RSA" }, {}] }, { keys: [{ kty: 1 }] }],
    /^use an object with keys/,
  ],
  [
    "services[0].jwt.audiences",
    (audiences) => jwt({ audiences }),
    [["a"], ["shop.example", "https://b"]],
    [[], ["a b"], [" a"], ["a "], [""], "a"],
    /^use a list of values of the claim aud/,
  ],
  [
    "services[0].jwt.paths",
    (paths) => jwt({ paths }),
    [["/"], ["/a", "/b/c"]],
    [[], ["a"], ["/a", "/b/"], ["/a*"]],
    /^use a list of paths/,
  ],
  ...["requestHeaders", "upstreamHeaders"].map((key): Edge => [
    `services[0].extAuthz.${key}`,
    (value) => authorizer({ [key]: value }),
    [["x"], ["x-user-Id2"]],
    [[], ["x_y"], ["x:"], [":x"]],
    /^use a list of names of headers/,
  ]),
  [
    "services[0].extAuthz.url",
    (url) => authorizer({ url }),
    ["http://a.b.svc.cluster.local", "http://a.b.svc.cluster.local:9000/check"],
    [
      "https://a.b.svc.cluster.local",
      "a.b.svc.cluster.local",
      "http://a.b.svc.cluster.local/x/",
      "http://a.b.svc.cluster.local?x",
      "http://a.b.svc.cluster.local/#x",
      "http://10.0.0.1",
    ],
    /^use http:\/\/HOST:PORT/,
  ],
  [
    "services[0].extAuthz.url",
    (externalHosts) => ({ ...authorizer({ url: "http://authz.example:9000" }), externalHosts }),
    [
      [{ host: "authz.example", port: 9000, protocol: "HTTP" }],
      [
        { host: "x.example", port: 443, protocol: "TLS" },
        { host: "authz.example", port: 9000, protocol: "HTTP2" },
      ],
    ],
    [
      [],
      [{ host: "authz.example", port: 9001, protocol: "HTTP" }],
      [{ host: "x.example", port: 9000, protocol: "HTTP" }],
      [{ host: "authz.example", port: 9000, protocol: "HTTPS" }],
      [{ host: "authz.example", port: 9000, protocol: "GRPC" }],
    ],
    /^the proxies do not know it/,
  ],
  [
    "services[0].extAuthz.url",
    (allowFrom) => ({
      services: [
        { name: "a", path: "/a", extAuthz: { url: "http://b.demo.svc.cluster.local:8080" } },
        { name: "b", allowFrom },
        { name: "c", path: "/c" },
      ],
    }),
    [["a"], ["c", "a"], ["x/y", "a"]],
    [[], ["c"], ["x/a"]],
    /^add a to allowFrom of b/,
  ],
  [
    "services[0].path",
    (path) => ({ dashboardsExposed: "true", ...service({ path }) }),
    [undefined, "/grafana/x", "/metrics"],
    ["/grafana", "/kiali"],
    /^an exposed dashboard has it/,
  ],
  [
    "services[0].calls[0].path",
    (path) => ({ dashboardsExposed: "true", ...service({ calls: [{ path, service: "b" }] }) }),
    ["/a/x"],
    ["/grafana"],
    /^an exposed dashboard has it/,
  ],
  [
    "externalHosts[1].protocol",
    (own) => ({
      externalHosts: [
        { host: "a.example", port: 9443, protocol: "HTTP" },
        { host: "b.example", port: 9443, protocol: "TLS", ...(own as object) },
      ],
    }),
    [{ addresses: ["192.0.2.1"] }, { port: 9444 }, { protocol: "GRPC" }],
    [{}, { protocol: "HTTPS" }],
    /^externalHosts\[0\] has HTTP on port 9443/,
  ],
  [
    "externalHosts[0].host",
    (host) => ({ externalHosts: [{ host, port: 443, protocol: "HTTPS" }] }),
    ["a.example", "*.a.example"],
    ["192.0.2.1", "::1"],
    /^that is an address/,
  ],
];

describe("edges of config", () => {
  for (const [key, config, right, wrong, fix] of edges) {
    it(`${key}: ${String(fix)}`, () => {
      for (const value of right) {
        assert.deepEqual(problemsOf(config(value as never)), [], JSON.stringify(value));
      }
      for (const value of wrong) {
        const problems = problemsOf(config(value as never));
        assert.equal(problems.length, 1, `${JSON.stringify(value)}: ${problems.join("; ")}`);
        assert.ok(problems[0]!.startsWith(`${key}: `), problems[0]);
        assert.match(problems[0]!.slice(key.length + 2), fix, JSON.stringify(value));
      }
    });
  }

  const guards = ({ services: [one] }: StackConfig) => one;
  const values: [what: string, config: Config, read: (config: StackConfig) => unknown, expected: unknown][] = [
    [
      "keys of a token, as text",
      keys({ keys: [{ kty: "RSA" }] }),
      (c) => guards(c)!.jwt?.jwks,
      '{"keys":[{"kty":"RSA"}]}',
    ],
    ["no keys beside their URL", jwt({}), (c) => guards(c)!.jwt?.jwks, undefined],
    [
      "an authorizer's port and path",
      authorizer({ url: "http://a.b.svc.cluster.local:9000/check" }),
      (c) => [guards(c)!.extAuthz?.port, guards(c)!.extAuthz?.pathPrefix],
      [9000, "/check"],
    ],
    [
      "an authorizer without them",
      authorizer({}),
      (c) => [guards(c)!.extAuthz?.port, guards(c)!.extAuthz?.pathPrefix],
      [80, undefined],
    ],
    [
      "a canary's own version, whose images have its tag",
      canary({ version: "1.31.0" }),
      (c) => [c.istio.canary?.version, c.istio.canary?.tag],
      ["1.31.0", "1.31.0"],
    ],
    ["a canary's own tag", canary({ version: "1.31.0", tag: "x" }), (c) => c.istio.canary?.tag, "x"],
    [
      "a canary of the same version",
      { ...canary({}), istioTag: "y" },
      (c) => [c.istio.canary?.version, c.istio.canary?.tag],
      ["1.30.4", "y"],
    ],
    ["the first control plane's tag", {}, (c) => c.istio.tag, istioVersion],
    [
      "a URL without a / at its end",
      otlp("http://a/b//"),
      (c) => c.observability.logs,
      { kind: "existing", backend: { kind: "otlp", url: "http://a/b" } },
    ],
    ["no logs", { logsBackend: "none" }, (c) => c.observability.logs, { kind: "none" }],
    ["no metrics", { metricsBackend: "none", kiali: "false" }, (c) => c.observability.metrics, { kind: "none" }],
    ["no traces", { tracingBackend: "none" }, (c) => c.observability.tracing, { kind: "none" }],
    [
      "an own Alertmanager",
      { alertmanagerUrl: "http://a" },
      ({ observability: { metrics } }) => "alerts" in metrics && metrics.alerts,
      { kind: "existing", url: "http://a" },
    ],
    [
      "an Alertmanager for a webhook",
      { alertWebhookUrl: "http://b" },
      ({ observability: { metrics } }) => "alerts" in metrics && metrics.alerts,
      { kind: "alertmanager", webhookUrl: "http://b" },
    ],
    [
      "a bucket's region",
      bucket({ logsBucketRegion: "eu-1" }),
      ({ observability: { logs } }) => "storage" in logs && logs.storage,
      { kind: "s3", bucket: "logs", region: "eu-1", endpoint: undefined },
    ],
    [
      "Amazon's region without one",
      bucket({}),
      ({ observability: { logs } }) => "storage" in logs && logs.storage,
      { kind: "s3", bucket: "logs", region: "us-east-1", endpoint: undefined },
    ],
    [
      "no volume in prod",
      { profile: "prod", metricsVolume: "none" },
      ({ observability: { metrics } }) => "sizing" in metrics && metrics.sizing?.volume,
      undefined,
    ],
    [
      "a volume of prod",
      { profile: "prod" },
      ({ observability: { metrics } }) => "sizing" in metrics && metrics.sizing?.volume,
      "50Gi",
    ],
    ["the nodes' folder of logs", {}, (c) => c.observability.podLogsFolder, "/var/log/pods"],
    ["another folder of logs", { podLogsFolder: "/logs" }, (c) => c.observability.podLogsFolder, "/logs"],
    [
      "upstream Envoy, which lacks Istio's own filters",
      { upstreamEnvoy: "true" },
      ({ profile: { istio, observability } }) => [istio.telemetryFilter, observability.statsAccessLog, istio.istiodEnv],
      [false, true, { PILOT_ENABLE_METADATA_EXCHANGE: "false", PILOT_ENABLE_ALPN_FILTER: "false" }],
    ],
  ];
  for (const [what, config, read, expected] of values) {
    it(`reads ${what}`, () => assert.deepEqual(read(parse(config)), expected));
  }

  it("says what is missing, also where a key holds null", () => {
    assert.deepEqual(problemsOf({ services: [{ name: null, path: "/a" }] }), [
      "services[0].name: give every service a name",
    ]);
  });

  it("does not say that a key of an object belongs into a list", () => {
    assert.deepEqual(problemsOf({ revision: "x" }), ["revision: no such key; remove it or correct its name"]);
  });

  it("refuses a name with a NUL character in it", () => {
    assert.match(problemsOf(service({ env: { "A\0": "x" } }))[0]!, /^services\[0\]\.env\.A\0: the name has a NUL/);
  });

  it("counts one mistake, cuts long values, and has Node print each mistake once", () => {
    const show = (length: number) => errorOf({ zzzzzzzzzzzzzzzzzzz: "x".repeat(length - 2) })!;
    assert.match(show(120).message, /^the configuration has 1 problem; .*\n.* = "x{118}": no such key/);
    assert.match(show(121).message, /= "x{116}\.\.\.: no such key/);
    assert.equal(inspect(show(9)).match(/no such key/g)?.length, 1);
  });

  it("says of a quota and of services that can't be read nothing more", () => {
    const quota = { pods: "1", "limits.cpu": "x" };
    assert.deepEqual(problemsOf({ resourceQuota: quota }).length, 1);
    assert.deepEqual(problemsOf({ resourceQuota: { pods: "1" }, services: [{ name: "A", path: "/a" }] }).length, 1);
  });
});
