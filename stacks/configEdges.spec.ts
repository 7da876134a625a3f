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
  [
    "services[0].name",
    (name) => ({ services: [{ name, path: "/a" }] }),
    ["a", label, "a-1"],
    [`${label}x`, "1a", "a-", "a.b"],
    /^use a DNS label/,
  ],
  [
    "services[0].name",
    (name) => ({ services: [{ name, path: "/a" }] }),
    ["demo", "demo-vs-2", "defaults"],
    ["demo-vs", "load-generator", "default"],
    /; choose another name$/,
  ],
  [
    "services[0].path",
    (path) => service({ path }),
    ["/", "/A.b~c-d_/.e", "/..."],
    ["", "a", "//", "/a/", "/..", "/a/.", "/a/../c", "/a c", "/a*", "/%61"],
    /^start with \//,
  ],
  [
    "services[0].port",
    (port) => service({ port }),
    [1, 65535, 15022],
    [15001, 15090, 8889, 13134],
    /^the sidecar or the log scraper listens there/,
  ],
  [
    "services[0].writablePaths",
    (writablePaths) => service({ writablePaths }),
    [["/tmp"], ["/a", "/ab", "/a.b/..c"]],
    [
      ["/"],
      ["tmp"],
      ["/a/"],
      ["/a", "/a"],
      ["/a", "/a/b"],
      ["/a/b", "/a"],
      ["/a/.."],
      ["/./a"],
      ["/a:b"],
      ["/a b"],
      [1],
      "/a",
    ],
    /^use a list of different absolute paths/,
  ],
  [
    "services[0].writablePaths[1]",
    (folder) => service({ writablePaths: ["/tmp", folder] }),
    ["/etc/app", "/process", "/device"],
    ["/etc", "/usr/bin", "/proc", "/proc/sys", "/sys/fs", "/dev/shm"],
    /^an empty folder in its place breaks/,
  ],
  [
    "services[0].logFiles.folder",
    (folder) => service({ logFiles: { folder } }),
    ["/var/log/a", "/proc2"],
    ["logs", "/a/", "/a/../b", "/proc/1", "/etc", "/"],
    /^use an absolute path that only the program uses/,
  ],
  [
    "services[0].logFiles.folder",
    (writablePaths) => service({ logFiles: { folder: "/log" }, writablePaths }),
    [[], ["/logs"]],
    [["/log"], ["/log/a"]],
    /^it is one of writablePaths/,
  ],
  [
    "services[0].logFiles.files",
    (files) => service({ logFiles: { folder: "/log", files } }),
    ["*.log", "a"],
    ["a/b", "..", "a b", ""],
    /^use the name of a file/,
  ],
  [
    "services[0].text",
    (own) => service({ text: "x", ...(own as object) }),
    [{}],
    [{ image: "a:1" }],
    /^the text is for the default image/,
  ],
  [
    "services[0].resources.requests.cpu",
    (cpu) => service({ resources: { requests: { cpu }, limits: { cpu: "1500m" } } }),
    ["1", 1.5, "1500m", "0.1"],
    ["2", "1501m", 1.6],
    /^the limit is 1500m/,
  ],
  [
    "services[0].resources.limits.cpu",
    (cpu) => service({ resources: { limits: { cpu } } }),
    ["2", "1.5m"],
    ["2k", "1Mi", "-1", "1.", ".5", "m", "x1"],
    /^use an amount such as 500m/,
  ],
  [
    "services[0].resources.limits.memory",
    (memory) => service({ resources: { limits: { memory } } }),
    ["1", "64Mi", "1.5Gi", "5M", "1k", "1Ki", "1Ti"],
    ["64m", "1Ei", "1K", "Mi", "1MiB"],
    /^use an amount such as 64Mi/,
  ],
  [
    "services[0].slo.success",
    (success) => service({ slo: { success } }),
    [50, 99.999],
    [49.999, 100, "99"],
    /^use the percent of good requests/,
  ],
  [
    "services[0].slo.window",
    (window) => service({ slo: { success: 99, window } }),
    ["1d", "24h", "90d", "12w"],
    ["23h", "91d", "13w", "d", "30"],
    /^use a time from 1d to 90d/,
  ],
  [
    "services[0].slo.latency",
    (latency) => service({ slo: { success: 99, latency } }),
    ["250ms", "0.25s", "1s"],
    ["251ms", "1h"],
    /^durations are counted up to/,
  ],
  [
    "services[0].retries.attempts",
    (attempts) => service({ retries: { attempts } }),
    [0, 100],
    [-1, 101, 1.5],
    /^use a whole number from 0 to 100/,
  ],
  [
    "services[0].retries.perTryTimeout",
    (perTryTimeout) => service({ timeout: "2s", retries: { attempts: 1, perTryTimeout } }),
    ["2s", "2000ms"],
    ["2001ms", "1m"],
    /^one try may not take longer .* raise services\[0\]\.timeout from 2s/,
  ],
  [
    "services[0].retries.retryOn",
    (retryOn) => service({ retries: { attempts: 1, retryOn } }),
    ["5xx", "reset,503,100,599", "http3-post-connect-failure"],
    ["5xx,", "600", "099", "5000", "x503", "5XX"],
    /is unknown; use status codes/,
  ],
  [
    "services[0].retries.retryOn",
    (retryOn) => service({ retries: { attempts: 1, retryOn } }),
    ["5xx,503"],
    ["5xx, 503", " 5xx"],
    /^Envoy takes no blanks/,
  ],
  [
    "services[0].retries.retryOn",
    (attempts) => service({ retries: { attempts, retryOn: "5xx" } }),
    [1],
    [0],
    /^with attempts 0 nothing/,
  ],
  [
    "services[0].circuitBreaker",
    (circuitBreaker) => service({ circuitBreaker }),
    [{ maxRequests: 1 }, { consecutive5xx: 2 ** 31 - 1, interval: "1s" }],
    [{}, { maxRequests: null }],
    /^it limits nothing/,
  ],
  [
    "services[0].circuitBreaker.interval",
    (consecutive5xx) => service({ circuitBreaker: { maxRequests: 1, interval: "1s", consecutive5xx } }),
    [1],
    [null],
    /^without consecutive5xx nothing/,
  ],
  [
    "services[0].rateLimit.fillInterval",
    (fillInterval) => service({ rateLimit: { tokens: 1, fillInterval } }),
    ["50ms", "1s"],
    ["49ms", "1ms"],
    /^Envoy fills at most every 50ms/,
  ],
  [
    "services[0].rateLimit.burst",
    (burst) => service({ rateLimit: { tokens: 9, fillInterval: "1s", burst } }),
    [9, 10],
    [8],
    /^the bucket must hold .* use 9 or more/,
  ],
  [
    "services[0].fault",
    (fault) => service({ fault }),
    [{ delay: { duration: "1s" } }, { abort: { status: 200, percent: 0 } }],
    [{}, { delay: null }],
    /^it does nothing/,
  ],
  [
    "services[0].versions",
    (weights) => service({ versions: (weights as number[]).map((weight, i) => ({ version: `v${i}`, weight })) }),
    [[100], [0, 100], [33, 67]],
    [[99], [50, 51], [50, null]],
    /^the weights have to add to 100/,
  ],
  [
    "services[0].versions[0].version",
    (version) => service({ versions: [{ version }] }),
    ["a", "v-2", "abcdefghijklmnop"],
    ["V2", "2", "v-", "v_2", "abcdefghijklmnopq", "xV"],
    /^use at most 16 of/,
  ],
  [
    "services[0].versions[1].replicas",
    (weight) =>
      service({
        versions: [
          { version: "a", weight: 100 - (weight as number) },
          { version: "b", weight, replicas: 0 },
        ],
      }),
    [0],
    [1],
    /^1 percent of the requests go to it/,
  ],
  [
    "services[0].canary.header",
    (header) => service({ versions: [{ version: "a" }], canary: { header, version: "a" } }),
    ["x", "X-Canary-2", "authority-2"],
    ["x_y", "x:", ":x", ""],
    /^use the name of a header/,
  ],
  [
    "services[0].canary.header",
    (header) => service({ versions: [{ version: "a" }], canary: { header, version: "a" } }),
    ["user-agent"],
    ["authority", "URI", "scheme", "Method"],
    /^Istio ignores this name/,
  ],
  [
    "services[0].mirror.version",
    (version) => service({ versions: [{ version: "a" }, { version: "b" }], mirror: { version } }),
    ["a", "b"],
    ["c"],
    /^the service has no such version; it has a, b$/,
  ],
  [
    "services[1].versions[0].version",
    (version) => ({
      services: [
        { name: "a", path: "/a", versions: [{ version: "b-c" }] },
        { name: "a-b", path: "/b", versions: [{ version }] },
      ],
    }),
    ["d"],
    ["c"],
    /^services\[0\]\.versions\[0\]\.version makes the name a-b-c already/,
  ],
  [
    "services[0].versions[0].version",
    (version) => ({
      services: [
        { name: "a", path: "/a", versions: [{ version }] },
        { name: "a-b", path: "/b" },
      ],
    }),
    ["c"],
    ["b"],
    /^services\[1\]\.name makes the name a-b already/,
  ],
  [
    "services[0].versions[0].version",
    (version) => ({ services: [{ name: "x".repeat(60), path: "/a", versions: [{ version }] }] }),
    ["v2"],
    ["v10"],
    /is too long for a name/,
  ],
  [
    "services[1].path",
    (path) => ({
      services: [
        { name: "a", path: "/a", calls: [{ path: "/a/b", service: "b" }] },
        { name: "b", path },
      ],
    }),
    ["/b"],
    ["/a"],
    /^services\[0\] has this path already/,
  ],
  [
    "services[1].path",
    (path) => ({
      services: [
        { name: "a", path: "/a", calls: [{ path: "/a/b", service: "b" }] },
        { name: "b", path },
      ],
    }),
    ["/b"],
    ["/a/b"],
    /^services\[0\]\.calls\[0\] has this path already/,
  ],
  [
    "services[0].allowFrom[0]",
    (caller) => service({ allowFrom: [caller] }),
    ["b", "a", "ns/account", "ns/a.b"],
    ["ns/", "/a", "ns/a/b", "Ns/a", "ns/A"],
    /^use the name of a service, or/,
  ],
  [
    "services[0].calls[0].service",
    (callee) => service({ calls: [{ path: "/a/x", service: callee }] }),
    ["b"],
    ["a"],
    /^a service can't answer by a call to itself/,
  ],
  [
    "resourceQuota.limits.memory",
    (amount) => ({ resourceQuota: { "limits.memory": amount } }),
    [],
    ["1MiB", "-1", "x1Gi", "1Ei", ""],
    /^use an amount such as 20/,
  ],
  [
    "resourceQuota.pods",
    (pods) => ({ resourceQuota: { pods } }),
    [100, "100"],
    [1, "2"],
    /^the stack itself needs \d+, with one more pod/,
  ],
  [
    "resourceQuota.services",
    (services) => ({ resourceQuota: { services } }),
    ["2"],
    ["1"],
    /^the stack itself needs 2; use that or more/,
  ],
  [
    "podSecurity",
    (istioCni) => ({ podSecurity: "baseline", istioCni }),
    ["true"],
    ["false"],
    /^every pod's init container needs NET_ADMIN/,
  ],
  [
    "proxyScope",
    (defaultDeny) => ({ proxyScope: "declared", defaultDeny }),
    ["true"],
    ["false"],
    /^without defaultDeny/,
  ],
  [
    "proxyScopeHosts",
    (proxyScope) => ({ proxyScope, proxyScopeHosts: ["shop/*"] }),
    ["declared"],
    ["mesh", "auto"],
    /^only used with proxyScope declared/,
  ],
  [
    "rateLimitRedisUrl",
    (rateLimitRedisUrl) => ({ ...service({ globalRateLimit: { requests: 1, unit: "minute" } }), rateLimitRedisUrl }),
    ["redis://a", "rediss://a.b:1/", "REDIS://a:65535"],
    [
      "redis://a:0",
      "redis://a:65536",
      "http://a",
      "redis://me@a",
      "redis://a/1",
      "redis://-a",
      "redis://a-",
      "redis://a?x",
      "xredis://a",
    ],
    /^use redis:\/\/host:port/,
  ],
  [
    "namespace",
    plain("namespace"),
    ["demo2", label],
    ["istio-ingress", "observability", "kube-system", "default"],
    /^taken by the cluster/,
  ],
  [
    "registry",
    plain("registry"),
    ["mirror.example", "mirror.example:5000/mesh"],
    ["https://mirror.example", "Mirror.example", "mirror.example/"],
    /^use host, host:port or host\/path/,
  ],
  [
    "images.loki",
    (loki) => ({ images: { loki } }),
    ["a/loki:1", `sha256:${"0".repeat(64)}`],
    ["a/loki", "a/loki:latest", "sha256:0", `sha256:${"g".repeat(64)}`],
    /^use a digest/,
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
    [
      "a Redis with TLS, however its scheme is written",
      { ...service({ globalRateLimit: { requests: 1, unit: "minute" } }), rateLimitRedisUrl: "REDISS://a:1" },
      (c) => c.rateLimit.redis,
      { host: "a", port: 1, tls: true, auth: undefined },
    ],
    [
      "a Redis without TLS, at its usual port",
      { ...service({ globalRateLimit: { requests: 1, unit: "minute" } }), rateLimitRedisUrl: "redis://a" },
      (c) => c.rateLimit.redis,
      { host: "a", port: 6379, tls: false, auth: undefined },
    ],
    [
      "whether edges have to be declared for proxies to know them alone",
      { profile: "prod" },
      (c) => c.scope.declared,
      true,
    ],
    [
      "proxies that know the whole mesh, without declared edges",
      { profile: "prod", defaultDeny: "false" },
      (c) => c.scope.declared,
      false,
    ],
    [
      "the least of what pods may do, with istio-cni",
      { istioCni: "true" },
      (c) => c.security.podSecurity,
      "restricted",
    ],
    [
      "a promise in the units of its rules",
      service({ slo: { success: 99, latency: "250ms", window: "1w" } }),
      (c) => guards(c)!.slo,
      { success: 99, latencyMs: 250, windowSeconds: 604800 },
    ],
    [
      "a promise of 30 days",
      service({ slo: { success: 99 } }),
      (c) => guards(c)!.slo,
      { success: 99, latencyMs: undefined, windowSeconds: 2592000 },
    ],
    [
      "calls at ports that nothing else listens on",
      service({ port: 8092, calls: [1, 2].map((i) => ({ path: `/a/${i}`, service: "b" })) }),
      (c) => guards(c)!.calls.map(({ port }) => port),
      [8091, 8093],
    ],
    [
      "a version's own text",
      service({ versions: [{ version: "v1", text: "x" }, { version: "v2" }, { version: "v3", image: "a:1" }] }),
      (c) => guards(c)!.versions!.map(({ args }) => args),
      [["-listen=:8080", "-text=x"], ["-listen=:8080", "-text=Hello from a"], undefined],
    ],
    [
      "a short timeout, which the profile's tries must not outlast",
      service({ timeout: "10ms" }),
      (c) => guards(c)!.retries?.perTryTimeout,
      undefined,
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
