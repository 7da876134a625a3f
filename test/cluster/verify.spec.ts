import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubeClient, LiveObject, ObjectRef } from "../../cluster/kubeClient";
import { selfSigned } from "../../components/selfSigned";
import type { Bench } from "../../commands/verify/bench";
import { promql } from "../../commands/verify/backends";
import { checks } from "../../commands/verify/checks";
import { Cluster } from "../../commands/verify/cluster";
import { isAlive, isReady } from "../../commands/verify/objects";
import type { Report } from "../../commands/verify/report";
import { meshOutputs } from "./stack";
import { chooseChecks } from "../../commands/verify/run";
import { verify } from "../../commands/verify/verifyMesh";
import type { Context } from "../../commands/verify/check";
import { client, eventually, npm, servingPod, start, tool } from "./cluster";
import { target } from "./target";

let kube: KubeClient;
const kubectl = (...args: string[]) => tool("kubectl", ...args);

/** Verifies in this process; without `only`, all of it. */
function check(...only: string[]): Promise<Report> {
  return verify({
    client: kube,
    kubectl: "kubectl",
    checks: chooseChecks(checks, only, []),
    deep: false,
    outputs: meshOutputs,
  });
}

/** Exercises what is declared, in this process. */
function exercise(): Promise<Report> {
  return verify({
    client: kube,
    kubectl: "kubectl",
    checks: chooseChecks(checks, ["exercise"], []),
    deep: true,
    outputs: meshOutputs,
  });
}

/** `npm run verify` as a user runs it. */
async function verifyByNpm(...args: string[]): Promise<{ code: number | null; report: Report }> {
  const { code, stdout } = await npm("verify", ...target.flags, "--json", ...args);
  return { code, report: JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Report };
}

/** Fails unless one thing alone is named as what is wrong. */
function assertCause({ ok, causes, checks: results }: Report, name: string, expected: RegExp): void {
  const told = JSON.stringify(
    results.filter(({ verdict }) => verdict === "fail" || verdict === "blocked"),
    undefined,
    1,
  );
  assert.equal(ok, false, "verify notices");
  assert.deepEqual(
    causes.map((cause) => cause.check),
    [name],
    told,
  );
  assert.match(causes[0]!.cause, expected);
  assert.notEqual(causes[0]!.next, "");
}

const ref = (apiVersion: string, kind: string, name: string, namespace?: string): ObjectRef => ({
  apiVersion,
  kind,
  name,
  namespace,
});
const networking = (kind: string, name: string) => ref("networking.istio.io/v1", kind, name, "demo");
const service = ref("v1", "Service", "user-service", "demo");

/** The rule of the ingress gateway's VirtualService that leads to user-service itself. */
const userRoute = (spec: any) =>
  spec.http.find((rule: any) => rule.match.some((one: any) => one.uri.exact === "/user"));

/** @returns an object as it can be applied again: without what the API server adds. */
function declaredPart({ status: _, metadata, ...rest }: LiveObject): LiveObject {
  const { name, namespace, labels, annotations } = metadata ?? {};
  return { ...rest, metadata: { name, namespace, labels, annotations } };
}

async function read(of: ObjectRef): Promise<LiveObject> {
  const object = await kube.get(of);
  assert.ok(object, `${of.kind} ${of.name}`);
  return declaredPart(object);
}

/** Undoes what was done, the last first. */
type Undo = () => Promise<unknown>;

/** Deletes an object. */
async function without(of: ObjectRef): Promise<Undo> {
  const object = await read(of);
  await kube.delete(of);
  return () => kube.apply(object);
}

/** Changes a copy of an object's spec. */
async function changed(of: ObjectRef, change: (spec: any) => void): Promise<Undo> {
  const before = await read(of);
  const after = structuredClone(before);
  change(after.spec);
  await kube.apply(after);
  return () => kube.apply(before);
}

/** Adds an object. */
async function withMore(object: LiveObject): Promise<Undo> {
  const { apiVersion = "", kind = "", metadata } = object;
  await kube.apply(object);
  return () => kube.delete(ref(apiVersion, kind, metadata!.name!, metadata!.namespace));
}

/** Waits until as many pods as are wanted are ready, and no other is left that is not about to end. */
async function podsReady(namespace: string, app: string, count = 1): Promise<void> {
  await eventually(async () => {
    const pods = (await kube.list("v1", "Pod", namespace)).filter(
      (pod) => pod.metadata?.labels?.app === app && isAlive(pod),
    );
    assert.deepEqual([pods.length, pods.filter(isReady).length], [count, count], `${namespace}/${app}`);
  }, 90);
}

/** Scales a workload to nothing. */
async function stopped(namespace: string, workload: string, app: string): Promise<Undo> {
  await kubectl("-n", namespace, "scale", workload, "--replicas=0");
  await podsReady(namespace, app, 0);
  return async () => {
    await kubectl("-n", namespace, "scale", workload, "--replicas=1");
    await podsReady(namespace, app);
  };
}

/** Ends the pods of an application at once, and waits for others. */
async function restarted(namespace: string, app: string): Promise<void> {
  await kubectl("-n", namespace, "delete", "pod", "-l", `app=${app}`, "--grace-period=1", "--wait=false");
  await podsReady(namespace, app);
}

/** Waits until every proxy has found its way back to an istiod that was away. */
async function untilSynced(): Promise<void> {
  await eventually(async () => assert.equal((await check("synced")).ok, true), 150);
}

/** Waits until user-service runs as it is declared now, and in no other way. */
async function rolledOut(): Promise<void> {
  // Until the controller has looked, the old pods are as many as are wanted, and ready.
  await kubectl("-n", "demo", "rollout", "status", "deployment/user-service", "--timeout=90s");
  await podsReady("demo", "user-service");
}

/** Changes the pods of user-service, and waits for the new ones. */
async function podTemplate(change: (template: any) => void): Promise<Undo> {
  const undo = await changed(ref("apps/v1", "Deployment", "user-service", "demo"), (spec) => change(spec.template));
  await rolledOut();
  return async () => {
    await undo();
    await rolledOut();
  };
}

/** One way to break the stack, and what verify has to say of it. */
interface Breakage {
  title: string;
  /** Breaks it. @returns what mends it. */
  break: () => Promise<Undo>;
  check: string;
  cause: RegExp;
  /** Seconds until it shows. Default 20: a change takes a moment to reach the proxies. */
  seconds?: number;
  /** Verify all of it, and not just the check with what that needs. */
  whole?: true;
}

/** Services of which each limits something; `inner` is called only from inside the mesh, and `alone` has no caller. */
const limitedServices = [
  { name: "front", path: "/" },
  { name: "limited", path: "/limited", rateLimit: { tokens: 60, fillInterval: "10s" } },
  { name: "narrow", path: "/narrow", circuitBreaker: { maxRequests: 60 } },
  {
    name: "inner",
    allowFrom: ["front"],
    rateLimit: { tokens: 60, fillInterval: "10s" },
    circuitBreaker: { maxConnections: 4, maxPendingRequests: 2, maxRequests: 6 },
  },
  { name: "alone" },
].map((service) => ({ ...service, timeout: "2s", retries: { attempts: 2 } }));

/** Ways to take a limit away, which a request beyond it would show, and what verify has to say of each. */
const lostLimits: Omit<Breakage, "seconds" | "whole">[] = [
  {
    title: "the EnvoyFilter of a rate limit is deleted",
    break: () => without(ref("networking.istio.io/v1alpha3", "EnvoyFilter", "limited-rate-limit", "demo")),
    check: "traffic-policy",
    cause:
      /rateLimit.tokens of limited is none in Envoy \(demo\/limited-\S+\).*EnvoyFilter limited-rate-limit was changed/,
  },
  {
    title: "a limit of a DestinationRule is raised",
    break: () =>
      changed(
        networking("DestinationRule", "narrow"),
        // Set, not removed: server-side apply keeps a field that another manager, here Pulumi, owns too.
        (spec) => (spec.trafficPolicy.connectionPool.http.http2MaxRequests = 1000),
      ),
    check: "traffic-policy",
    cause: /circuitBreaker.maxRequests of narrow is \S+ in Envoy \(istio-ingress\/.*DestinationRule narrow was changed/,
  },
  {
    title: "a timeout is changed for callers inside the mesh alone",
    break: () => changed(networking("VirtualService", "inner"), (spec) => (spec.http[0].timeout = "1s")),
    check: "traffic-policy",
    cause: /timeout of inner is 1s in Envoy \(demo\/front-\S+\).*declared as 2s: VirtualService inner was changed/,
  },
  {
    title: "a rate limit counts, and is not enforced",
    break: () =>
      withMore({
        apiVersion: "networking.istio.io/v1alpha3",
        kind: "EnvoyFilter",
        metadata: { name: "lenient", namespace: "demo" },
        spec: {
          workloadSelector: { labels: { app: "limited" } },
          priority: 30,
          configPatches: [
            {
              applyTo: "HTTP_FILTER",
              match: {
                context: "SIDECAR_INBOUND",
                listener: {
                  filterChain: {
                    filter: {
                      name: "envoy.filters.network.http_connection_manager",
                      subFilter: { name: "envoy.filters.http.local_ratelimit" },
                    },
                  },
                },
              },
              patch: {
                operation: "MERGE",
                value: {
                  typed_config: {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
                    // A key of its own: of a fraction that is 0 a merge would take no notice.
                    filter_enforced: { runtime_key: "unused", default_value: { numerator: 1, denominator: "MILLION" } },
                  },
                },
              },
            },
          ],
        },
      }),
    check: "exercise",
    cause: /limited rate limit is in Envoy as declared, but does not hold: of 130 requests at once 130 passed/,
  },
];

const breakages: Breakage[] = [
  {
    title: "the ingress gateway is scaled to 0",
    break: () => stopped("istio-ingress", "deployment/istio-ingressgateway", "istio-ingressgateway"),
    check: "gateway",
    cause: /Deployment istio-ingress\/istio-ingressgateway is scaled to 0/,
    whole: true,
  },
  {
    title: "the injector's webhook is deleted",
    break: () =>
      without(ref("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "istio-sidecar-injector")),
    check: "injector",
    cause: /MutatingWebhookConfiguration is gone/,
  },
  {
    title: "the injection label is removed, and a pod restarted",
    break: async () => {
      await kubectl("label", "namespace", "demo", "istio-injection-");
      await restarted("demo", "user-service");
      return async () => {
        await kubectl("label", "namespace", "demo", "istio-injection=enabled");
        await restarted("demo", "user-service");
      };
    },
    check: "namespace",
    cause: /namespace demo lacks the injection label istio-injection=enabled/,
    whole: true,
  },
  {
    title: "a pod opts out of injection",
    break: () => podTemplate((template) => (template.metadata.labels["sidecar.istio.io/inject"] = "false")),
    check: "injected",
    cause: /demo\/user-service-\S+ opts out with sidecar.istio.io\/inject=false/,
    whole: true,
  },
  {
    title: "an image can't be pulled",
    break: async () => {
      const undo = await changed(ref("apps/v1", "Deployment", "user-service", "demo"), (spec) => {
        spec.template.spec.containers[0].image = "sandbox.local/no-such-image:1";
      });
      return async () => {
        await undo();
        await rolledOut();
      };
    },
    check: "workloads",
    cause: /container user-service of demo\/user-service-\S+ is in (ErrImagePull|ImagePullBackOff)/,
    // The pod first starts its sidecar.
    seconds: 60,
    whole: true,
  },
  {
    title: "the VirtualService is deleted",
    break: () => without(networking("VirtualService", "demo-vs")),
    check: "routes",
    cause: /VirtualService demo\/demo-vs is gone/,
    whole: true,
  },
  {
    title: "the Gateway is deleted",
    break: () => without(networking("Gateway", "demo-gateway")),
    check: "routes",
    cause: /Gateway demo\/demo-gateway is gone/,
  },
  {
    title: "the gateway's node port is changed",
    break: () =>
      changed(ref("v1", "Service", "istio-ingressgateway", "istio-ingress"), (spec) => {
        spec.ports.find(({ port }: { port: number }) => port === 80).nodePort = 30999;
      }),
    check: "routes",
    cause: /istio-ingressgateway has no node port 30080/,
  },
  {
    title: "a Service leads to a wrong target port",
    break: () => changed(service, (spec) => (spec.ports[0].targetPort = 9999)),
    check: "routes",
    cause: /port 8080 of Service demo\/user-service leads to the target port 9999/,
  },
  {
    title: "a Service's selector fits no pod",
    break: () => changed(service, (spec) => (spec.selector = { app: "user-servcie" })),
    check: "routes",
    cause: /selector of Service demo\/user-service \(app=user-servcie\) fits no pod/,
  },
  {
    title: "an AuthorizationPolicy is deleted",
    break: () => without(ref("security.istio.io/v1", "AuthorizationPolicy", "allow-user-service", "demo")),
    check: "routes",
    cause: /AuthorizationPolicy demo\/allow-user-service is gone/,
  },
  {
    title: "a fault is injected that is not declared",
    break: () =>
      changed(networking("VirtualService", "demo-vs"), (spec) => {
        for (const rule of spec.http) {
          rule.fault = { abort: { percentage: { value: 100 }, httpStatus: 500 } };
        }
      }),
    check: "routes",
    cause: /VirtualService demo\/demo-vs answers \/\S+ with 500 by an injected fault/,
  },
  {
    title: "a DestinationRule makes callers speak plain text",
    break: () =>
      changed(networking("DestinationRule", "user-service"), (spec) => {
        spec.trafficPolicy = { ...spec.trafficPolicy, tls: { mode: "DISABLE" } };
      }),
    check: "routes",
    cause: /DestinationRule demo\/user-service makes callers speak TLS mode DISABLE/,
  },
  {
    title: "mutual TLS is made permissive",
    break: () =>
      changed(ref("security.istio.io/v1", "PeerAuthentication", "default", "demo"), (spec) => {
        spec.mtls.mode = "PERMISSIVE";
      }),
    check: "mtls",
    cause: /plain text is accepted: PeerAuthentication demo\/default is PERMISSIVE/,
  },
  {
    title: "default deny is deleted",
    break: () => without(ref("security.istio.io/v1", "AuthorizationPolicy", "default-deny", "demo")),
    check: "edges",
    cause: /default-deny is gone/,
  },
  {
    title: "a caller is let in that is not declared",
    break: () =>
      changed(ref("security.istio.io/v1", "AuthorizationPolicy", "allow-user-service", "demo"), (spec) => {
        spec.rules[0].from[0].source.principals.push("cluster.local/ns/demo/sa/payment-service");
      }),
    check: "edges",
    cause: /that is not declared lets payment-service call user-service/,
  },
  {
    title: "a timeout is changed",
    break: () => changed(networking("VirtualService", "demo-vs"), (spec) => (userRoute(spec).timeout = "1s")),
    check: "traffic-policy",
    cause: /timeout of \S+ is 1s in Envoy .* declared as 15s: VirtualService demo-vs/,
  },
  {
    title: "an EnvoyFilter is one that Envoy refuses",
    break: () =>
      withMore({
        apiVersion: "networking.istio.io/v1alpha3",
        kind: "EnvoyFilter",
        metadata: { name: "refused", namespace: "demo" },
        spec: {
          workloadSelector: { labels: { app: "user-service" } },
          configPatches: [
            {
              applyTo: "HTTP_FILTER",
              match: {
                context: "SIDECAR_INBOUND",
                listener: { filterChain: { filter: { name: "envoy.filters.network.http_connection_manager" } } },
              },
              patch: {
                operation: "INSERT_FIRST",
                value: {
                  name: "envoy.filters.http.local_ratelimit",
                  typed_config: {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
                    stat_prefix: "refused",
                    // Envoy takes no interval below 50 ms.
                    token_bucket: { max_tokens: 1, tokens_per_fill: 1, fill_interval: "0.001s" },
                  },
                },
              },
            },
          ],
        },
      }),
    check: "synced",
    cause: /proxy of demo\/user-service-\S+ refuses what istiod sends.*suspects: EnvoyFilter .*demo\/refused/,
  },
  {
    title: "Jaeger is stopped",
    break: () => stopped("observability", "statefulset/jaeger", "jaeger"),
    check: "traces",
    cause: /Jaeger is not running: StatefulSet observability\/jaeger is scaled to 0/,
  },
  {
    title: "Loki is stopped",
    break: () => stopped("observability", "statefulset/loki", "loki"),
    check: "access-log",
    cause: /Loki is not running: StatefulSet observability\/loki is scaled to 0/,
  },
  {
    title: "the agent on the nodes is held up",
    break: async () => {
      const agents = ref("apps/v1", "DaemonSet", "log-agent", "observability");
      const undo = await changed(agents, (spec) => (spec.template.spec.nodeSelector = { nowhere: "here" }));
      await podsReady("observability", "log-agent", 0);
      return async () => {
        await undo();
        await kubectl("-n", "observability", "rollout", "status", "daemonset/log-agent", "--timeout=90s");
      };
    },
    check: "application-output",
    // After Loki was stopped, lines that wait for an answer of its old pod come first.
    seconds: 45,
    cause: /no log agent is ready on \S+, where demo\/user-service-\S+ runs/,
  },
  {
    title: "the mesh's Telemetry is deleted",
    break: () => without(ref("telemetry.istio.io/v1", "Telemetry", "mesh-default", "istio-system")),
    check: "traces",
    cause: /Telemetry istio-system\/mesh-default is gone/,
  },
  {
    title: "the Telemetry of the access log is deleted",
    break: () => without(ref("telemetry.istio.io/v1", "Telemetry", "access-log-file", "demo")),
    check: "access-log",
    cause: /Telemetry demo\/access-log-file is gone/,
  },
  {
    title: "what counts requests is deleted",
    break: () => without(ref("networking.istio.io/v1alpha3", "EnvoyFilter", "stats-access-log", "istio-system")),
    check: "metrics",
    cause: /EnvoyFilter istio-system\/stats-access-log is gone/,
  },
  {
    title: "a container ends and is started again",
    break: async () => {
      const { name: pod } = await servingPod("demo", "app=user-service");
      // After a second: what kubectl runs in a container ends with it, and kubectl then ends with 137.
      const later = "(sleep 1; kill 1) > /dev/null 2>&1 &";
      await kubectl("-n", "demo", "exec", pod, "-c", "log-rotator", "--", "sh", "-c", later);
      await eventually(async () => {
        const [found] = (await kube.list("v1", "Pod", "demo")).filter(({ metadata }) => metadata?.name === pod);
        assert.match(JSON.stringify(found?.status), /"restartCount":1/);
      }, 30);
      await podsReady("demo", "user-service");
      return () => restarted("demo", "user-service");
    },
    check: "restarts",
    cause: /container log-rotator of demo\/user-service-\S+ ended less than 10 minutes ago/,
  },
];

describe("npm run verify", () => {
  before(async () => {
    kube = client();
    await start();
    // The load generator's requests, and what is made of them, are there after a scrape or two.
    await eventually(async () => assert.equal((await check()).ok, true), 60);
  });

  it("finds nothing wrong with a stack that was just brought up, in under a minute", async () => {
    const folder = await mkdtemp(join(tmpdir(), "verify-"));
    try {
      const file = join(folder, "verify.xml");
      const { code, report } = await verifyByNpm("--junit", file);
      assert.equal(code, 0, JSON.stringify(report.causes));
      assert.ok(report.seconds < 60, `${report.seconds} s`);
      const skipped = report.checks.filter(({ verdict }) => verdict === "skip").map(({ name }) => name);
      assert.deepEqual(skipped, ["rate-limit", "kiali", "grafana", "exercise"]);
      assert.match(await readFile(file, "utf8"), /<testsuite name="verify" tests="\d+" failures="0" skipped="4"/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("measures what the mesh adds, and leaves nothing behind", async () => {
    const { code, report } = await verifyByNpm("--bench", "--only", "namespace");
    assert.equal(code, 0);
    const { direct, mesh, sidecars } = (report as Report & { bench: Bench }).bench;
    assert.ok(mesh.p50 > direct.p50 && direct.p50 > 0, JSON.stringify({ direct, mesh }));
    const measured = sidecars.map(({ pod }) => pod.split("-")[0]);
    assert.ok(
      measured.includes("mesh") && measured.includes("istio") && measured.includes("demo/user"),
      measured.join(),
    );
    assert.ok(sidecars.every(({ memoryMiB }) => memoryMiB > 5));
    assert.equal(await kube.get(ref("v1", "Namespace", "mesh-bench")), undefined);
  });

  it("exercises what is declared, when asked to", async () => {
    const { code, report } = await verifyByNpm("--deep", "--only", "exercise");
    assert.equal(code, 0, JSON.stringify(report.causes));
    const { evidence } = report.checks.find(({ name }) => name === "exercise")!;
    assert.match(evidence, /user-service retries: a request that always fails was tried 3 times/);
    assert.match(evidence, /user-service timeout: a request that takes too long ended with 504 after \d/);
    // The default stack has both, so that they show without any config.
    assert.match(evidence, /user-service circuit breaker: of 110 slow requests at once \d+ were refused as overload/);
    assert.match(evidence, /user-service rate limit: of 310 requests at once \d+ passed and \d+ got 429/);
    assert.equal(
      await kube.get(ref("networking.istio.io/v1alpha3", "EnvoyFilter", "verify-faults", "demo")),
      undefined,
    );
  });

  it("counts the load generator's requests on every declared edge, and none of its own", async () => {
    const context = { cluster: new Cluster(kube, "kubectl"), ...(await meshOutputs()) } as unknown as Context;
    const rate = async (labels: string) =>
      Number((await promql(context, `sum(rate(istio_requests_total{${labels}}[1m]))`))[0]?.value[1] ?? 0);
    await eventually(async () => {
      for (const edge of [
        'reporter="destination",source_workload="istio-ingressgateway",destination_service_name="user-service"',
        'reporter="destination",source_workload="istio-ingressgateway",destination_service_name="payment-service"',
        'reporter="destination",source_workload="user-service",destination_service_name="payment-service"',
        'reporter="source",source_workload="user-service",destination_service_name="payment-service"',
      ]) {
        assert.ok((await rate(edge)) > 0.5, edge);
      }
    }, 60);
    assert.deepEqual(await promql(context, '{app="load-generator"}'), []);
    assert.deepEqual(await promql(context, 'istio_requests_total{source_workload="load-generator"}'), []);
  });

  it("drives traffic from this machine, and sums it up", async () => {
    const { code, stdout } = await npm(
      "traffic",
      ...target.flags,
      "--json",
      "--rps",
      "20",
      "--duration",
      "5s",
      "--path",
      "/user",
    );
    assert.equal(code, 0);
    const { requests, codes, paths } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as {
      requests: number;
      codes: Record<string, number>;
      paths: Record<string, unknown>;
    };
    assert.deepEqual([requests, codes, Object.keys(paths)], [100, { 200: 100 }, ["/user"]]);
  });

  describe("names the cause when", () => {
    it("the API server does not answer", async () => {
      const folder = await mkdtemp(join(tmpdir(), "verify-"));
      try {
        const file = join(folder, "kubeconfig");
        const dead = { clusters: [{ name: "dead", cluster: { server: "https://127.0.0.1:9" } }] };
        const contexts = [{ name: "dead", context: { cluster: "dead", user: "unused" } }];
        await writeFile(file, JSON.stringify({ ...dead, contexts, users: [{ name: "unused", user: {} }] }));
        const { code, stderr } = await npm("verify", "--json", "--kubeconfig", file, "--context", "dead");
        assert.equal(code, 3);
        assert.match(stderr, /context dead[^]*https:\/\/127\.0\.0\.1:9[^]*refused/);
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    for (const [title, undoable, name, cause] of [
      [
        "istiod is scaled to 0",
        async () => {
          const undo = await stopped("istio-system", "deployment/istiod", "istiod");
          return async () => {
            await undo();
            await untilSynced();
          };
        },
        "istiod",
        /control plane is down: Deployment istio-system\/istiod is scaled to 0/,
      ],
      [
        "Prometheus is stopped",
        () => stopped("observability", "statefulset/prometheus", "prometheus"),
        "metrics",
        /Prometheus is not running: StatefulSet observability\/prometheus is scaled to 0/,
      ],
    ] as const) {
      it(`${title} (the command itself)`, async () => {
        const undo = await undoable();
        try {
          const { code, report } = await verifyByNpm();
          assert.equal(code, 1);
          assertCause(report, name, cause);
          // Requests go on without either.
          assert.equal(report.checks.find((result) => result.name === "routes")?.verdict, "pass");
        } finally {
          await undo();
        }
      });
    }

    for (const { title, cause, whole, seconds = 20, ...breakage } of breakages) {
      it(title, async () => {
        const undo = await breakage.break();
        try {
          await eventually(async () => {
            assertCause(await (whole ? check() : check(breakage.check)), breakage.check, cause);
          }, seconds);
        } finally {
          await undo();
        }
      });
    }

    it("nothing: all of it was mended", async () => {
      await eventually(async () => {
        const { ok, causes } = await check();
        assert.equal(ok, true, JSON.stringify(causes));
      }, 90);
    });
  });

  describe("where the gateway serves HTTPS, and services have limits", () => {
    before(async () => {
      const services = `services=${JSON.stringify(limitedServices)}`;
      await start("-c", "gatewaySelfSigned=true", "-c", services);
    });

    it("finds nothing wrong, and tries each limit from where it holds", async () => {
      await eventually(async () => assert.equal((await check()).ok, true), 60);
      const { code, report } = await verifyByNpm("--deep");
      assert.equal(code, 0, JSON.stringify(report.causes));
      const told = (check: string) => report.checks.find(({ name }) => name === check)?.evidence ?? "";
      for (const seen of [
        /front retries: a request that always fails was tried 3 times/,
        /limited rate limit: of 130 requests at once \d+ passed and \d+ got 429/,
        /narrow circuit breaker: of 70 slow requests at once \d+ were refused as overload/,
        /inner retries: a request that always fails was tried 3 times/,
        /inner timeout: a request that takes too long ended with 504/,
        /inner circuit breaker: of 16 slow requests at once \d+ were refused as overload/,
        /inner rate limit: of 130 requests at once \d+ passed and \d+ got 429/,
        /alone left out: no service here is declared to call it/,
      ]) {
        assert.match(told("exercise"), seen);
      }
      assert.match(
        told("traffic-policy"),
        /inner: timeout 2s, 2 retries, circuit breaker at demo\/front-\S+, rate limit/,
      );
      assert.match(told("traffic-policy"), /alone: timeout 2s, 2 retries not compared: it has no declared caller/);
    });

    for (const { title, cause, ...lost } of lostLimits) {
      it(`names the cause when ${title}`, async () => {
        const undo = await lost.break();
        try {
          await eventually(async () => assertCause(await exercise(), lost.check, cause), 30);
        } finally {
          await undo();
        }
      });
    }

    it("makes tokens, and posts what has to be posted, to read a page that requires a login", async () => {
      const cluster = new Cluster(kube, "kubectl");
      const made = await cluster.token("observability", "prometheus");
      assert.match("token" in made ? made.token : made.refused, /^ey[\w-]+\.[\w-]+\.[\w-]+$/);
      const missing = await cluster.token("observability", "missing");
      assert.match("refused" in missing ? missing.refused : "", /HTTP 404 .*missing.* not found/);
      const form = { type: "application/x-www-form-urlencoded", body: "query=vector(42)" };
      const { status, body } = await cluster.inPod("observability", "prometheus-0", 9090, "/api/v1/query", {}, form);
      assert.equal(status, 200);
      assert.match(body, /"42"/);
    });

    it("names a certificate that is expired", async () => {
      const secret = ref("v1", "Secret", "gateway-self-signed", "istio-ingress");
      const before = await read(secret);
      const expired = await selfSigned(["localhost"], { from: new Date("2025-01-01"), until: new Date("2025-02-01") });
      const encode = (text: string) => Buffer.from(text).toString("base64");
      await kube.apply({
        ...before,
        data: { ...before.data, "tls.crt": encode(expired.certificate), "tls.key": encode(expired.privateKey) },
      });
      try {
        assertCause(await check("certificates"), "certificates", /gateway-self-signed is expired/);
      } finally {
        await kube.apply(before);
      }
    });
  });
});
