import assert from "node:assert/strict";
import { declare, errorOf } from "../test/support/declare";
import { calleeTargets, gatewayTargets } from "../stacks/loadTargets";
import { applicationLogs } from "./applicationLog";
import { callLog, gatewayTarget, loadCompanion, LoadGenerator, loadSender } from "./loadGenerator";
import { prometheusConfig } from "./observability/prometheusConfig";

const settings = { image: "fortio/fortio:1.67.0", ratePerSecond: 2, resources: { requests: { cpu: "2m" } } };
const gateway = { host: "gateway.ingress.svc", tls: false, hosts: ["*"] };

describe("LoadGenerator", () => {
  it("asks each path of the gateway, and reports nothing of its own", async () => {
    const targets = [{ name: "a", url: "http://gateway/a" }];
    const { one } = await declare(() => new LoadGenerator("load", { ...settings, namespace: "demo", targets }));
    const { template } = one("Deployment").inputs.spec;
    assert.deepEqual(
      template.spec.containers.map(({ name, args }: { name: string; args: string[] }) => [name, args.at(-1)]),
      [["load-a", "http://gateway/a"]],
    );
    const { spec } = one("Telemetry").inputs;
    for (const [label, value] of Object.entries(spec.selector.matchLabels as Record<string, string>)) {
      assert.equal(template.metadata.labels[label], value);
    }
    assert.equal(spec.metrics[0].overrides[0].disabled, true);
    // The stand-in for Istio's metrics knows no Telemetry: there Prometheus passes the pod over.
    const config = prometheusConfig({ systemNamespace: "s", scrapeSeconds: 5, targets: {}, remoteWrite: [] });
    assert.match(
      config,
      /"__meta_kubernetes_pod_label_sidecar_mesh_load_generator"\s+\],\s+"regex": "true",\s+"action": "drop"/,
    );
  });

  it("refuses a rate that is no gentle one", async () => {
    const message = await errorOf(
      () => new LoadGenerator("load", { ...settings, ratePerSecond: 1000, namespace: "demo", targets: [] }),
    );
    assert.match(message, /ratePerSecond is 1000: use a whole number from 1 to 100; targets is \[\]/);
  });
});

describe("loadSender", () => {
  it("sends without end at the given rate, to the given target", () => {
    const args = loadSender({ name: "a", url: "https://a.example/x", connectTo: "gateway" }, settings).args as string[];
    assert.equal(args[args.indexOf("-qps") + 1], "2");
    assert.equal(args[args.indexOf("-t") + 1], "0");
    assert.deepEqual(args.slice(-3), ["-resolve", "gateway", "https://a.example/x"]);
  });
  it("has a name of its own, a DNS label, also where targets differ in their last letter alone", () => {
    const nameOf = (name: string) => loadSender({ name, url: "http://a" }, settings).name as string;
    assert.equal(nameOf("x".repeat(58)), `load-${"x".repeat(58)}`);
    const names = ["a", "b"].map((last) => nameOf(`${"x".repeat(50)}-${"y".repeat(11)}${last}`));
    assert.notEqual(names[0], names[1]);
    names.forEach((name) => assert.match(name, /^load-x{50}-[0-9a-f]{6}$/));
  });
  it("logs each request to the folder that its pod's log scraper reads, where that is the call log's", () => {
    const callee = { name: "payment-service", url: "http://payment-service.demo:8080/" };
    const [container] = loadCompanion([callee], settings, callLog).containers!;
    const { args, volumeMounts } = container as { args: string[]; volumeMounts: { name: string; mountPath: string }[] };
    assert.equal(args[args.indexOf("-access-log-file") + 1], `${callLog.folder}/payment-service.log`);
    assert.deepEqual(volumeMounts, [{ name: applicationLogs.volume, mountPath: callLog.folder }]);
    for (const other of [undefined, { folder: "/var/log/shop" }]) {
      const [quiet] = loadCompanion([callee], settings, other).containers as {
        args: string[];
        volumeMounts?: unknown;
      }[];
      assert.ok(!quiet!.args.includes("-access-log-file"));
      assert.equal(quiet!.volumeMounts, undefined);
    }
  });
  it("has a name that Kubernetes takes, however long the target's is", () => {
    const { name } = loadSender({ name: `${"a".repeat(57)}-b-c`, url: "http://a" }, settings);
    assert.match(name as string, /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });
});

describe("gatewayTarget", () => {
  it("sends requests like a client outside: to a host that the gateway serves, over HTTPS where TLS is on", () => {
    const target = gatewayTarget("a", "/a", { ...gateway, tls: true, hosts: ["*.shop.example"] });
    assert.deepEqual(target, { name: "a", url: "https://load.shop.example/a", connectTo: "gateway.ingress.svc" });
    assert.equal(gatewayTarget("a", "/a", gateway).connectTo, undefined);
  });
});

describe("gatewayTargets", () => {
  it("are the paths that are open without a token", () => {
    const jwt = { issuer: "x", paths: ["/user/orders", "/pay"] };
    const user = {
      serviceName: "user",
      path: "/user",
      calls: [
        { path: "/user/orders", service: "pay", port: 8091 },
        { path: "/user/stock", service: "pay", port: 8092 },
      ],
    };
    const targets = (callee: object) =>
      gatewayTargets([user, { serviceName: "pay", path: "/pay", calls: [], ...callee }], gateway).map(
        ({ name }) => name,
      );
    assert.deepEqual(targets({}), ["user", "1-user", "2-user", "pay"]);
    assert.deepEqual(targets({ jwt }), ["user", "2-user"]);
  });
});

describe("loadCompanion", () => {
  it("sends from a caller's own pod, to those that it is declared to call", () => {
    const services = [
      { serviceName: "user", port: 8080, allowFrom: [] },
      {
        serviceName: "payment",
        port: 80,
        allowFrom: [{ service: "user" }, { namespace: "jobs", serviceAccount: "x" }],
      },
    ];
    const targets = calleeTargets(services, "demo");
    const { containers } = loadCompanion(targets.get("user")!, settings);
    assert.deepEqual(
      containers?.map(({ args }) => (args as string[]).at(-1)),
      ["http://payment.demo:80/"],
    );
    assert.deepEqual(targets.get("payment"), []);
    const [user, payment] = services;
    const guarded = calleeTargets([user!, { ...payment!, jwt: { issuer: "x" } }], "demo");
    assert.deepEqual(guarded.get("user"), []);
  });
});
