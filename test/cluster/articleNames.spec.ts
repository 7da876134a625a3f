import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Report } from "../../commands/verify/report";
import type { Outputs } from "./cluster";
import { allObjects, client, eventually, npm, start, tool } from "./cluster";
import { assertAnswers, assertSameObjects, meshOutputs } from "./stack";
import { target } from "./target";
import { assertNothingToAnalyze, remove } from "./trafficSupport";

/**
 * The article's port-forwards: what it types behind `kubectl port-forward`, and a path that only that program answers
 * with JSON.
 */
const forwards = [
  { args: ["svc/prometheus", "-n", "istio-system", "9090"], url: "http://localhost:9090/api/v1/query?query=up" },
  { args: ["svc/jaeger-query", "-n", "istio-system", "16686"], url: "http://localhost:16686/api/services" },
  // No registry has a build of Kiali for the embedded cluster.
  ...(target.embedded
    ? []
    : [{ args: ["svc/kiali", "-n", "istio-system", "20001"], url: "http://localhost:20001/api/status" }]),
];

describe("articleNames", () => {
  let without: string[];
  let outputs: Outputs;

  before("bring the mesh up where there is none: the layout is chosen before the first update", async () => {
    await remove();
    without = await allObjects();
    ({ outputs } = await start("-c", "articleNames=true"));
  });

  it("serves requests through the gateway, and gives istioctl analyze nothing to say", async () => {
    await assertAnswers(outputs);
    await assertNothingToAnalyze();
  });

  it("shows istiod, the gateway and the backends to kubectl get pods -n istio-system", async () => {
    const listing = await tool("kubectl", "get", "pods", "-n", "istio-system");
    const rows = listing.trim().split("\n").slice(1);
    for (const name of ["istiod-", "istio-ingressgateway-", "prometheus-0", "jaeger-0", "loki-0", "log-agent-"]) {
      assert.ok(
        rows.some((row) => row.startsWith(name) && /\bRunning\b/.test(row)),
        `${name} in\n${listing}`,
      );
    }
    for (const namespace of ["istio-ingress", "observability"]) {
      const found = await client().get({ apiVersion: "v1", kind: "Namespace", name: namespace });
      assert.equal(found, undefined, namespace);
    }
  });

  for (const { args, url } of forwards) {
    it(`opens a page with kubectl port-forward ${args.join(" ")}`, async () => {
      const kubectl = target.command("kubectl");
      const all = ["--kubeconfig", target.kubeconfig, "--context", target.context, "port-forward", ...args];
      const child = spawn(kubectl, all, { stdio: "ignore" });
      const ended = once(child, "close");
      try {
        await eventually(async () => {
          assert.equal(child.exitCode, null, "the port-forward ended");
          const response = await fetch(url);
          assert.equal(response.status, 200, url);
          assert.equal(typeof (await response.json()), "object");
        }, 60);
      } finally {
        child.kill("SIGTERM");
        await ended;
      }
    });
  }

  it("has what minikube service istio-ingressgateway -n istio-system --url asks for: a node port that answers", async () => {
    const path = "jsonpath={.spec.type} {.spec.ports[?(@.port==80)].nodePort}";
    const said = await tool("kubectl", "get", "service", "istio-ingressgateway", "-n", "istio-system", "-o", path);
    const [type, nodePort] = said.split(" ");
    assert.equal(type, "NodePort");
    const [node] = await client().list("v1", "Node");
    const { addresses } = node!.status as unknown as { addresses: { type: string; address: string }[] };
    const host = addresses.find((one) => one.type === "InternalIP")!.address;
    const url = target.embedded ? `http://${host}:${nodePort}/user` : `${outputs.gatewayUrl}/user`;
    const response = await fetch(url);
    assert.equal((await response.text()).trim(), "Hello from User Service");
  });

  it("is what outputs and npm run verify go by", async () => {
    const { declared, dashboards } = await meshOutputs();
    const { system, gateway, observability } = declared.namespaces;
    assert.deepEqual([system, gateway, observability], Array(3).fill("istio-system"));
    assert.match(dashboards.jaeger!.portForward, /--namespace istio-system port-forward service\/jaeger-query/);
    await eventually(async () => {
      const { stdout } = await npm("verify", ...target.flags, "--json");
      const report = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Report;
      assert.equal(report.ok, true, JSON.stringify(report.causes));
    }, 60);
  });

  it("keeps istiod and the gateway reachable where NetworkPolicies limit who reaches the backends", async () => {
    ({ outputs } = await start("-c", "articleNames=true", "-c", "observabilityNetworkPolicy=true"));
    await tool("kubectl", "-n", "demo", "rollout", "restart", "deployment/user-service");
    await tool("kubectl", "-n", "demo", "rollout", "status", "deployment/user-service", "--timeout=110s");
    await assertAnswers(outputs);
  });

  it("is removed by npm run down, with nothing left", async () => {
    await remove();
    await assertSameObjects(without);
  });
});
