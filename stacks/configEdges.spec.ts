import assert from "node:assert/strict";
import { inspect } from "node:util";
import { istioVersion } from "../components/versions";
import { configNamespace, parseConfig, type StackConfig } from "./config";
import { ConfigError } from "./configError";
import { injectorOf } from "./istioConfig";

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

/**
 * Tests the edges of a config key: which values are right, and which are refused.
 * @param key Path of the value, as messages name it.
 * @param fix What is said of a wrong value.
 * @param config Makes a config with a value. Default: one with this key alone.
 */
function edge(key: string, fix: RegExp, config: (value: never) => Config = (value) => ({ [key]: value })) {
  const refuses = (...wrong: unknown[]) =>
    it(`refuses ${key}: ${fix.source}`, () => {
      for (const value of wrong) {
        const problems = problemsOf(config(value as never));
        assert.equal(problems.length, 1, `${JSON.stringify(value)}: ${problems.join("; ")}`);
        assert.ok(problems[0]!.startsWith(`${key}: `), problems[0]);
        assert.match(problems[0]!.slice(key.length + 2), fix, JSON.stringify(value));
      }
    });
  const takes = (...right: unknown[]) => {
    it(`takes ${key} that ends just before: ${fix.source}`, () => {
      for (const value of right) {
        assert.deepEqual(problemsOf(config(value as never)), [], JSON.stringify(value));
      }
    });
    return { refuses };
  };
  return { takes, refuses };
}

describe("edges of config", () => {
  edge("gatewayAddress", /^use host or host:port/)
    .takes("a", "a-b.c:1", "10.0.0.1", "A1.example:65535")
    .refuses("a:0", "a:65536", "a:", ":80", "a:80:90", "a:8x", "a:80\t", "-a", "a-", "a..b", "a_b", "1.2.3.999");
  edge("gatewayHosts[0]", /^use a host name/, (host) => ({ gatewayHosts: [host] }))
    .takes("*", "*.shop.example", label, longest)
    .refuses(`${label}x`, `x${longest}`, "*shop.example", "a.*", "Shop.example");
  for (const resource of ["a/b", "count/jobs.batch", "example.com/gpu"]) {
    edge(`resourceQuota.${resource}`, /^use an amount/, (amount) => ({ resourceQuota: { [resource]: amount } })).takes(
      "1",
    );
  }
  for (const resource of ["/b", "a/", "a/b/c", "a b/c", "a/b c", "gpu", "Example.com/gpu", "./."]) {
    edge(`resourceQuota.${resource}`, /^no such resource|^use one of/, (amount) => ({
      resourceQuota: { [resource]: amount },
    })).refuses("1");
  }
  edge("gatewayIssuer", /^use ClusterIssuer\/NAME/, issuer)
    .takes("Issuer/a", "ClusterIssuer/a.b")
    .refuses("Issuer/", "xIssuer/a", "Cluster/a", "Issuer/a/b", "a");
  edge("gatewayIssuer", /gatewayTlsSecret names a certificate already/, (gatewayTlsSecret) =>
    issuer("Issuer/a", { gatewayTlsSecret }),
  )
    .takes("auto")
    .refuses("cert");
  edge("istioVersion", /^use a full version/)
    .takes("1.30.4", "10.30.10", "1.31.0-rc.1")
    .refuses("1.30", "v1.30.4", "1.30.4x", "1.30.4-", "1.30.4-rc 1");
  edge("istioTag", /^this tag moves/, (istioTag) => ({ profile: "prod", istioTag }))
    .takes("10.30.10-distroless", "1.30.4", "0123456789ab")
    .refuses("latest", "1.31", "1.31-dev", "x1.30.4", "0123456789a", "ghijklmnopqrs");
  edge("istioCanary.version", /^from 1\.30\.4 Istio can be moved by 2 minor/, (version) => canary({ version }))
    .takes("1.28.0", "1.32.0")
    .refuses("1.27.9", "1.33.0", "2.30.4");
  edge("istioInjector", /^there is no canary/, (own) => ({ istioInjector: "canary", ...(own as object) }))
    .takes(canary({}))
    .refuses({});
  for (const key of ["istioCniBinFolder", "istioCniConfFolder", "podLogsFolder"]) {
    edge(key, /^use an absolute path of the nodes/, (folder) => ({ istioCni: "true", [key]: folder }))
      .takes("/a", "/opt/cni-1/b_n", "/opt/.bin", "/a/..b")
      .refuses("opt/cni", "/", "/a/", "/a b", "/a/..", "/a/../b", "/a/.", "x /a");
  }
  for (const [key, value, choice, right, wrong] of [
    ["istioCniBinFolder", "/a", "istioCni", "true", "false"],
    ["istioCniConfFolder", "/a", "istioCni", "true", "auto"],
    ["podLogsFolder", "/a", "logsBackend", "auto", "none"],
    ["tracingSampling", "5", "tracingBackend", "zipkin", "none"],
    ["loadGeneratorRate", "2", "loadGenerator", "auto", "false"],
    ["gatewayHttpNodePort", "30081", "gatewayServiceType", "auto", "LoadBalancer"],
    ["gatewayHttpsNodePort", "30444", "gatewayServiceType", "NodePort", "ClusterIP"],
  ] as const) {
    edge(key, /^only used with .*; set that, or remove this key$/, (chosen) => ({ [key]: value, [choice]: chosen }))
      .takes(right)
      .refuses(wrong);
  }
  edge("istioCharts", /^no such/)
    .takes("https://charts.example", "oci://charts.example/istio")
    .refuses("https:///charts", "https:// charts");
  edge("metricsRemoteWrite[0]", /^use a URL with its scheme/, (url) => ({ metricsRemoteWrite: [url] }))
    .takes("http://a", "https://a.example/write?to=b", "http://a/?to=x://b@c")
    .refuses("ftp://a", "xhttp://a", "http://", "http://me@a", "https://me:pw@a/x");
  edge("metricsRetention", /^use a whole number and one of s/)
    .takes("1s", "100y")
    .refuses("101y", "1", "x15d", "15d ");
  for (const key of ["metricsVolume", "logsVolume"]) {
    edge(key, /^use a size/)
      .takes("none", "1Mi", "10Gi", "2Ti")
      .refuses("0Gi", "x10Gi", "10GiB", "10G", "no");
  }
  edge("logsBucket", /^use the name of an S3 bucket/)
    .takes("abc", label, "a.b-c")
    .refuses("ab", `${label}x`, "-ab", "ab-", "abC");
  edge("logsBucketRegion", /^use the name of a region/, (logsBucketRegion) => bucket({ logsBucketRegion }))
    .takes("garage", "eu-central-1")
    .refuses("EU-central-1", "eu_central", "eu-", "-eu", "eu--1");
  edge("alertWebhookUrl", /^the Alertmanager at alertmanagerUrl/, (alertmanagerUrl) => ({
    alertWebhookUrl: "http://b",
    alertmanagerUrl,
  }))
    .takes("auto")
    .refuses("http://a");
  edge("tracingUrl", /^gRPC has a path of its own/, (tracingUrl) => ({ tracingBackend: "existing", tracingUrl }))
    .takes("http://a", "http://a:4317/")
    .refuses("http://a/b", "http://a/?b", "http://a?b");
  edge("tracingUrl", /^sidecars send spans/, (tracingUrl) => ({ tracingBackend: "existing", tracingUrl }))
    .takes("http://a")
    .refuses("https://a");
  edge("tracingStorage", /^only used with tracingBackend: jaeger or zipkin/, (tracingStorage) => ({
    tracingBackend: "none",
    tracingStorage,
  }))
    .takes("memory", "auto")
    .refuses("elasticsearch");
  edge("tracingStorageUrl", /^only used with tracingStorage/, (tracingStorage) => ({
    tracingStorage,
    tracingStorageUrl: "http://a",
  }))
    .takes("opensearch")
    .refuses("memory");
  edge("tracingStorageUrl", /^only used with tracingBackend/, (tracingStorageUrl) => ({
    tracingBackend: "none",
    tracingStorageUrl,
  }))
    .takes("auto")
    .refuses("http://a");
  edge("tracingSampling", /^use a percentage/)
    .takes("0", "0.125", "100")
    .refuses("-0.1", "100.1", "1e1", "0x10", ".5", "1.");
  edge("services[0].jwt.issuer", /^use the claim iss/, (one) => jwt({ issuer: one }))
    .takes("x", "https://a")
    .refuses("", "a b", " a", "a*");
  edge("services[0].jwt.jwksUri", /^use an http or https URL/, (jwksUri) => jwt({ jwksUri }))
    .takes("http://a", "https://a/keys?x=1")
    .refuses("xhttps://a/keys", "https://me@a/keys", "https://a/k eys", "https://a:x", "ftp://a");
  edge("services[0].jwt.jwks", /^use an object with keys/, keys)
    .takes({ keys: [{ kty: "RSA", n: "x", e: "AQAB" }] })
    .refuses(
      {},
      { keys: [] },
      { keys: "RSA" },
      { keys: ["RSA"] },
      { keys: [{ kty: "RSA" }, {}] },
      { keys: [{ kty: 1 }] },
    );
  edge("services[0].jwt.audiences", /^use a list of values of the claim aud/, (audiences) => jwt({ audiences }))
    .takes(["a"], ["shop.example", "https://b"])
    .refuses([], ["a b"], [" a"], ["a "], [""], "a");
  edge("services[0].jwt.paths", /^use a list of paths/, (paths) => jwt({ paths }))
    .takes(["/"], ["/a", "/b/c"])
    .refuses([], ["a"], ["/a", "/b/"], ["/a*"]);
  for (const key of ["requestHeaders", "upstreamHeaders"]) {
    edge(`services[0].extAuthz.${key}`, /^use a list of names of headers/, (value) => authorizer({ [key]: value }))
      .takes(["x"], ["x-user-Id2"])
      .refuses([], ["x_y"], ["x:"], [":x"]);
  }
  edge("services[0].extAuthz.url", /^use http:\/\/HOST:PORT/, (url) => authorizer({ url }))
    .takes("http://a.b.svc.cluster.local", "http://a.b.svc.cluster.local:9000/check")
    .refuses(
      "https://a.b.svc.cluster.local",
      "a.b.svc.cluster.local",
      "http://a.b.svc.cluster.local/x/",
      "http://a.b.svc.cluster.local?x",
      "http://a.b.svc.cluster.local/#x",
      "http://10.0.0.1",
    );
  edge("services[0].extAuthz.url", /^the proxies do not know it/, (externalHosts) => ({
    ...authorizer({ url: "http://authz.example:9000" }),
    externalHosts,
  }))
    .takes(
      [{ host: "authz.example", port: 9000, protocol: "HTTP" }],
      [
        { host: "x.example", port: 443, protocol: "TLS" },
        { host: "authz.example", port: 9000, protocol: "HTTP2" },
      ],
    )
    .refuses(
      [],
      [{ host: "authz.example", port: 9001, protocol: "HTTP" }],
      [{ host: "x.example", port: 9000, protocol: "HTTP" }],
      [{ host: "authz.example", port: 9000, protocol: "HTTPS" }],
      [{ host: "authz.example", port: 9000, protocol: "GRPC" }],
    );
  edge("services[0].extAuthz.url", /^add a to allowFrom of b/, (allowFrom) => ({
    services: [
      { name: "a", path: "/a", extAuthz: { url: "http://b.demo.svc.cluster.local:8080" } },
      { name: "b", allowFrom },
      { name: "c", path: "/c" },
    ],
  }))
    .takes(["a"], ["c", "a"], ["x/y", "a"])
    .refuses([], ["c"], ["x/a"]);
  edge("services[0].path", /^an exposed dashboard has it/, (path) => ({
    dashboardsExposed: "true",
    ...service({ path }),
  }))
    .takes(undefined, "/grafana/x", "/metrics")
    .refuses("/grafana", "/kiali");
  edge("services[0].calls[0].path", /^an exposed dashboard has it/, (path) => ({
    dashboardsExposed: "true",
    ...service({ calls: [{ path, service: "b" }] }),
  }))
    .takes("/a/x")
    .refuses("/grafana");
  edge("externalHosts[1].protocol", /^externalHosts\[0\] has HTTP on port 9443/, (own) => ({
    externalHosts: [
      { host: "a.example", port: 9443, protocol: "HTTP" },
      { host: "b.example", port: 9443, protocol: "TLS", ...(own as object) },
    ],
  }))
    .takes({ addresses: ["192.0.2.1"] }, { port: 9444 }, { protocol: "GRPC" })
    .refuses({}, { protocol: "HTTPS" });
  edge("externalHosts[0].protocol", /^(services\[0\]\.calls\[0\]|the ingress gateway) has HTTP on port/, (port) => ({
    ...service({ calls: [{ path: "/a/x", service: "b" }] }),
    externalHosts: [{ host: "a.example", port, protocol: "TLS" }],
  }))
    .takes(8092, 443)
    .refuses(8091, 80);
  edge("externalHosts[0].host", /^that is an address/, (host) => ({
    externalHosts: [{ host, port: 443, protocol: "HTTPS" }],
  }))
    .takes("a.example", "*.a.example")
    .refuses("192.0.2.1", "::1");
  edge("services[0].name", /^use a DNS label/, (name) => ({ services: [{ name, path: "/a" }] }))
    .takes("a", label, "a-1")
    .refuses(`${label}x`, "1a", "a-", "a.b");
  edge("services[0].name", /; choose another name$/, (name) => ({ services: [{ name, path: "/a" }] }))
    .takes("demo", "demo-vs-2", "defaults")
    .refuses("demo-vs", "load-generator", "default");
  edge("services[0].name", /^another container of its pods has this name/, (name) => ({
    services: [
      { name, path: "/a", logFiles: { folder: "/log" }, calls: [{ path: "/a/b", service: "b" }] },
      { name: "b", allowFrom: [] },
    ],
  }))
    .takes("load-a", "proxy")
    .refuses(
      ...["istio-proxy", "istio-init", "istio-validation", "log-scraper", "log-rotator"],
      ...["application-log-rotator", "caller"],
    );
  edge("services[0].name", /^another container of its pods has this name/, (own) => ({
    services: [{ name: "load-b", path: "/a" }, { name: "b", allowFrom: ["load-b"] }, { name: "c" }],
    ...(own as object),
  }))
    .takes({ loadGenerator: "false" })
    .refuses({});
  edge("services[0].path", /^start with \//, (path) => service({ path }))
    .takes("/", "/A.b~c-d_/.e", "/...")
    .refuses("", "a", "//", "/a/", "/..", "/a/.", "/a/../c", "/a c", "/a*", "/%61");
  edge("services[0].port", /^the sidecar or the log scraper listens there/, (port) => service({ port }))
    .takes(1, 65535, 15022)
    .refuses(15001, 15090, 8889, 13134);
  edge("services[0].writablePaths", /^use a list of different absolute paths/, (writablePaths) =>
    service({ writablePaths }),
  )
    .takes(["/tmp"], ["/a", "/ab", "/a.b/..c"])
    .refuses(
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
    );
  edge("services[0].writablePaths[1]", /^an empty folder in its place breaks/, (folder) =>
    service({ writablePaths: ["/tmp", folder] }),
  )
    .takes("/etc/app", "/process", "/device")
    .refuses(
      ...["/etc", "/usr/bin", "/proc", "/proc/sys", "/sys/fs", "/dev/shm"],
      ...["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"],
    );
  edge("services[0].logFiles.folder", /^use an absolute path that only the program uses/, (folder) =>
    service({ logFiles: { folder } }),
  )
    .takes("/var/log/a", "/proc2")
    .refuses("logs", "/a/", "/a/../b", "/proc/1", "/etc", "/");
  edge("services[0].logFiles.folder", /^it is one of writablePaths/, (writablePaths) =>
    service({ logFiles: { folder: "/log" }, writablePaths }),
  )
    .takes([], ["/logs"])
    .refuses(["/log"], ["/log/a"]);
  edge("services[0].logFiles.files", /^use the name of a file/, (files) =>
    service({ logFiles: { folder: "/log", files } }),
  )
    .takes("*.log", "a")
    .refuses("a/b", "..", "a b", "");
  edge("services[0].text", /^the text is for the default image/, (own) => service({ text: "x", ...(own as object) }))
    .takes({})
    .refuses({ image: "a:1" });
  edge("services[0].resources.requests.cpu", /^the limit is 1500m/, (cpu) =>
    service({ resources: { requests: { cpu }, limits: { cpu: "1500m" } } }),
  )
    .takes("1", 1.5, "1500m", "0.1")
    .refuses("2", "1501m", 1.6);
  edge("services[0].resources.limits.cpu", /^use an amount such as 500m/, (cpu) =>
    service({ resources: { limits: { cpu } } }),
  )
    .takes("2", "1.5m")
    .refuses("2k", "1Mi", "-1", "1.", ".5", "m", "x1");
  edge("services[0].resources.limits.memory", /^use an amount such as 64Mi/, (memory) =>
    service({ resources: { limits: { memory } } }),
  )
    .takes("1", "64Mi", "1.5Gi", "5M", "1k", "1Ki", "1Ti")
    .refuses("64m", "1Ei", "1K", "Mi", "1MiB");
  edge("services[0].slo.success", /^use the percent of good requests/, (success) => service({ slo: { success } }))
    .takes(50, 99.999)
    .refuses(49.999, 100, "99");
  edge("services[0].slo.window", /^use a time from 1d to 90d/, (window) => service({ slo: { success: 99, window } }))
    .takes("1d", "24h", "90d", "12w")
    .refuses("23h", "91d", "13w", "d", "30");
  edge("services[0].slo.latency", /^durations are counted up to/, (latency) =>
    service({ slo: { success: 99, latency } }),
  )
    .takes("250ms", "0.25s", "1s")
    .refuses("251ms", "1h");
  edge("services[0].retries.attempts", /^use a whole number from 0 to 100/, (attempts) =>
    service({ retries: { attempts } }),
  )
    .takes(0, 100)
    .refuses(-1, 101, 1.5);
  edge(
    "services[0].retries.perTryTimeout",
    /^one try may not take longer .* raise services\[0\]\.timeout from 2s/,
    (perTryTimeout) => service({ timeout: "2s", retries: { attempts: 1, perTryTimeout } }),
  )
    .takes("2s", "2000ms")
    .refuses("2001ms", "1m");
  edge("services[0].retries.retryOn", /is unknown; use status codes/, (retryOn) =>
    service({ retries: { attempts: 1, retryOn } }),
  )
    .takes("5xx", "reset,503,100,599", "http3-post-connect-failure")
    .refuses("5xx,", "600", "099", "5000", "x503", "5XX");
  edge("services[0].retries.retryOn", /^Envoy takes no blanks/, (retryOn) =>
    service({ retries: { attempts: 1, retryOn } }),
  )
    .takes("5xx,503")
    .refuses("5xx, 503", " 5xx");
  edge("services[0].retries.retryOn", /^with attempts 0 nothing/, (attempts) =>
    service({ retries: { attempts, retryOn: "5xx" } }),
  )
    .takes(1)
    .refuses(0);
  edge("services[0].circuitBreaker", /^it limits nothing/, (circuitBreaker) => service({ circuitBreaker }))
    .takes({ maxRequests: 1 }, { consecutive5xx: 2 ** 31 - 1, interval: "1s" })
    .refuses({}, { maxRequests: null });
  edge("services[0].circuitBreaker.interval", /^without consecutive5xx nothing/, (consecutive5xx) =>
    service({ circuitBreaker: { maxRequests: 1, interval: "1s", consecutive5xx } }),
  )
    .takes(1)
    .refuses(null);
  edge("services[0].rateLimit.fillInterval", /^Envoy fills at most every 50ms/, (fillInterval) =>
    service({ rateLimit: { tokens: 1, fillInterval } }),
  )
    .takes("50ms", "1s")
    .refuses("49ms", "1ms");
  edge("services[0].rateLimit.burst", /^the bucket must hold .* use 9 or more/, (burst) =>
    service({ rateLimit: { tokens: 9, fillInterval: "1s", burst } }),
  )
    .takes(9, 10)
    .refuses(8);
  edge("services[0].fault", /^it does nothing/, (fault) => service({ fault }))
    .takes({ delay: { duration: "1s" } }, { abort: { status: 200, percent: 0 } })
    .refuses({}, { delay: null });
  edge("services[0].versions", /^the weights have to add to 100/, (weights) =>
    service({ versions: (weights as number[]).map((weight, i) => ({ version: `v${i}`, weight })) }),
  )
    .takes([100], [0, 100], [33, 67])
    .refuses([99], [50, 51], [50, null]);
  edge("services[0].versions[0].version", /^use at most 16 of/, (version) => service({ versions: [{ version }] }))
    .takes("a", "v-2", "abcdefghijklmnop")
    .refuses("V2", "2", "v-", "v_2", "abcdefghijklmnopq", "xV");
  edge("services[0].versions[1].replicas", /^1 percent of the requests go to it/, (weight) =>
    service({
      versions: [
        { version: "a", weight: 100 - (weight as number) },
        { version: "b", weight, replicas: 0 },
      ],
    }),
  )
    .takes(0)
    .refuses(1);
  edge("services[0].canary.header", /^use the name of a header/, (header) =>
    service({ versions: [{ version: "a" }], canary: { header, version: "a" } }),
  )
    .takes("x", "X-Canary-2", "authority-2")
    .refuses("x_y", "x:", ":x", "");
  edge("services[0].canary.value", /^no header has such a value/, (value) =>
    service({ versions: [{ version: "a" }], canary: { header: "x-canary", value, version: "a" } }),
  )
    .takes("yes", "a b", "\u00e9")
    .refuses("a\nb", " yes", "yes ", "\u0001", "\u007f");
  edge("services[0].canary.header", /^Istio ignores this name/, (header) =>
    service({ versions: [{ version: "a" }], canary: { header, version: "a" } }),
  )
    .takes("user-agent")
    .refuses("authority", "URI", "scheme", "Method");
  edge("services[0].mirror.version", /^the service has no such version; it has a, b$/, (version) =>
    service({ versions: [{ version: "a" }, { version: "b" }], mirror: { version } }),
  )
    .takes("a", "b")
    .refuses("c");
  edge(
    "services[1].versions[0].version",
    /^services\[0\]\.versions\[0\]\.version makes the name a-b-c already/,
    (version) => ({
      services: [
        { name: "a", path: "/a", versions: [{ version: "b-c" }] },
        { name: "a-b", path: "/b", versions: [{ version }] },
      ],
    }),
  )
    .takes("d")
    .refuses("c");
  edge("services[0].versions[0].version", /^services\[1\]\.name makes the name a-b already/, (version) => ({
    services: [
      { name: "a", path: "/a", versions: [{ version }] },
      { name: "a-b", path: "/b" },
    ],
  }))
    .takes("c")
    .refuses("b");
  edge("services[0].versions[0].version", /is too long for a name/, (version) => ({
    services: [{ name: "x".repeat(60), path: "/a", versions: [{ version }] }],
  }))
    .takes("v2")
    .refuses("v10");
  edge("services[1].path", /^services\[0\] has this path already/, (path) => ({
    services: [
      { name: "a", path: "/a", calls: [{ path: "/a/b", service: "b" }] },
      { name: "b", path },
    ],
  }))
    .takes("/b")
    .refuses("/a");
  edge("services[1].path", /^services\[0\]\.calls\[0\] has this path already/, (path) => ({
    services: [
      { name: "a", path: "/a", calls: [{ path: "/a/b", service: "b" }] },
      { name: "b", path },
    ],
  }))
    .takes("/b")
    .refuses("/a/b");
  edge("services[0].allowFrom[0]", /^use the name of a service, or/, (caller) => service({ allowFrom: [caller] }))
    .takes("b", "a", "ns/account", "ns/a.b")
    .refuses("ns/", "/a", "ns/a/b", "Ns/a", "ns/A");
  edge("services[0].calls[0].service", /^a service can't answer by a call to itself/, (callee) =>
    service({ calls: [{ path: "/a/x", service: callee }] }),
  )
    .takes("b")
    .refuses("a");
  edge("resourceQuota.limits.memory", /^use an amount such as 20/, (amount) => ({
    resourceQuota: { "limits.memory": amount },
  })).refuses("1MiB", "-1", "x1Gi", "1Ei", "");
  edge("resourceQuota.pods", /^the stack itself needs \d+, with one more pod/, (pods) => ({ resourceQuota: { pods } }))
    .takes(100, "100")
    .refuses(1, "2");
  edge("resourceQuota.services", /^the stack itself needs 2; use that or more/, (services) => ({
    resourceQuota: { services },
  }))
    .takes("2")
    .refuses("1");
  for (const resource of ["pods", "persistentvolumeclaims", "count/jobs.batch"]) {
    edge(`resourceQuota.${resource}`, /^use a whole number$/, (amount) => ({ resourceQuota: { [resource]: amount } }))
      .takes(100, "1k")
      .refuses("100.5", "100500m");
  }
  edge("resourceQuota.requests.storage", /^use an amount/, (amount) => ({
    resourceQuota: { "requests.storage": amount },
  })).takes("0.5", "1.5Gi");
  for (const [resource, need] of [
    ["configmaps", 3],
    ["count/configmaps", 3],
    ["count/services", 2],
    ["count/serviceaccounts", 4],
    ["count/deployments.apps", 3],
  ] as const) {
    edge(`resourceQuota.${resource}`, new RegExp(`^the stack itself needs ${need}; use that or more`), (amount) => ({
      resourceQuota: { [resource]: amount },
    }))
      .takes(need)
      .refuses(need - 1);
  }
  edge("podSecurity", /^every pod's init container needs NET_ADMIN/, (istioCni) => ({
    podSecurity: "baseline",
    istioCni,
  }))
    .takes("true")
    .refuses("false");
  edge("proxyScope", /^without defaultDeny/, (defaultDeny) => ({ proxyScope: "declared", defaultDeny }))
    .takes("true")
    .refuses("false");
  edge("proxyScopeHosts", /^only used with proxyScope declared/, (proxyScope) => ({
    proxyScope,
    proxyScopeHosts: ["shop/*"],
  }))
    .takes("declared")
    .refuses("mesh", "auto");
  edge("rateLimitRedisUrl", /^use redis:\/\/host:port/, (rateLimitRedisUrl) => ({
    ...service({ globalRateLimit: { requests: 1, unit: "minute" } }),
    rateLimitRedisUrl,
  }))
    .takes("redis://a", "rediss://a.b:1/", "REDIS://a:65535")
    .refuses(
      "redis://a:0",
      "redis://a:65536",
      "http://a",
      "redis://me@a",
      "redis://a/1",
      "redis://-a",
      "redis://a-",
      "redis://a?x",
      "xredis://a",
    );
  edge("namespace", /^the cluster or this stack uses it/)
    .takes("demo2", label)
    .refuses("istio-ingress", "observability", "kube-system", "default");
  edge("registry", /^use host, host:port or host\/path/)
    .takes("mirror.example", "mirror.example:5000/mesh")
    .refuses("https://mirror.example", "Mirror.example", "mirror.example/");
  edge("images.loki", /^use a digest/, (loki) => ({ images: { loki } }))
    .takes("a/loki:1", `sha256:${"0".repeat(64)}`)
    .refuses("a/loki", "a/loki:latest", "sha256:0", `sha256:${"g".repeat(64)}`);

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
    [
      "the canary that injects",
      { ...canary({}), istioInjector: "canary" },
      (c) => injectorOf(c.istio).revision,
      "next",
    ],
    ["a canary beside the one that injects", canary({}), (c) => injectorOf(c.istio).revision, undefined],
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
