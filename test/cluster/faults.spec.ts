import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { client, podsOf, servingPod, tool } from "./cluster";
import { processesOf } from "./machine";
import type { Answer } from "./trafficSupport";
import { apply, constantLoad, gatewayUrl, get, statuses, until } from "./trafficSupport";

const perSecond = 25;

/** Two pods each, and callers that try again: what it takes to lose no request when one of the pods is lost. */
const retries = { attempts: 3, perTryTimeout: "2s", retryOn: "5xx,reset,connect-failure" };
const services = [
  { name: "user-service", path: "/user", replicas: 2, retries },
  { name: "payment-service", path: "/payment", replicas: 2, retries, allowFrom: ["user-service"] },
];

/**
 * Does something under constant load, and goes on with the load for some seconds. Asserts that each request was
 * answered with 200.
 */
async function unharmed(what: string, seconds: number, act: () => Promise<unknown>): Promise<void> {
  const loads = services.map(({ path }) => constantLoad(`${gatewayUrl}${path}`, perSecond));
  let answers: Answer[];
  try {
    await sleep(2000);
    await act();
    await sleep(seconds * 1000);
  } finally {
    answers = (await Promise.all(loads.map(({ stop }) => stop()))).flat();
  }
  console.log(`      ${what}: ${JSON.stringify(statuses(answers))}`);
  assert.ok(answers.length > seconds * perSecond, `${answers.length} requests`);
  const failed = answers.filter(({ status }) => status !== 200);
  assert.deepEqual(
    failed.map(({ status, error, body }) => [status, error, body.slice(0, 100)]),
    [],
  );
}

/** Waits until a workload has all its pods. */
async function ready(namespace: string, ...workloads: string[]): Promise<void> {
  for (const workload of workloads) {
    await tool("kubectl", "-n", namespace, "rollout", "status", workload, "--timeout=100s");
  }
}

describe("faults at run time", function () {
  this.timeout(300_000);

  before(async () => {
    await apply({ services });
    for (const { path } of services) {
      assert.ok(await until(30, async () => (await get(gatewayUrl + path)).status === 200));
    }
  });

  it("istiod killed, and gone for ten seconds: traffic goes on", async () => {
    const scale = (replicas: number) =>
      tool("kubectl", "-n", "istio-system", "scale", "deployment/istiod", `--replicas=${replicas}`);
    await unharmed("istiod", 5, async () => {
      // The other way round, a pod that takes its place would be there for its grace period.
      await scale(0);
      await tool("kubectl", "-n", "istio-system", "delete", "pod", "-l", "app=istiod", "--force", "--grace-period=0");
      await sleep(10_000);
      assert.deepEqual((await client().list("v1", "Pod", "istio-system")).length, 0, "istiod is gone");
      await scale(1);
    });
    await ready("istio-system", "deployment/istiod");
  });

  it("a sidecar's Envoy killed: its pod is passed over until it is back", async () => {
    const { name: pod } = await servingPod("demo", "app=user-service");
    const before = processesOf("envoy", pod);
    assert.equal(before.length, 1, `the Envoy of ${pod}`);
    await unharmed("Envoy", 8, () => Promise.resolve(process.kill(before[0]!, "SIGKILL")));
    const restarted = await until(60, () => {
      const [now] = processesOf("envoy", pod);
      return Promise.resolve(now !== undefined && now !== before[0]);
    });
    if (!restarted) {
      const pods = await tool("kubectl", "-n", "demo", "get", "pods", "-o", "wide");
      assert.fail(`no other Envoy in ${pod} after 60 s:\n${pods}`);
    }
    await ready("demo", "deployment/user-service");
  });

  it("a pod deleted without grace: the other one answers", async () => {
    const { name: pod } = await servingPod("demo", "app=payment-service");
    await unharmed("pod", 8, () => tool("kubectl", "-n", "demo", "delete", "pod", pod, "--force", "--grace-period=0"));
    const left = await podsOf("demo", "app=payment-service", { all: true });
    assert.ok(!left.some(({ name }) => name === pod), `${pod} is gone`);
    await ready("demo", "deployment/payment-service");
  });

  it("Loki, Jaeger and Prometheus gone: traffic does not notice", async () => {
    const backends = ["statefulset/loki", "statefulset/jaeger", "statefulset/prometheus"];
    const scale = (replicas: number) =>
      tool("kubectl", "-n", "observability", "scale", ...backends, `--replicas=${replicas}`);
    try {
      await unharmed("backends", 10, async () => {
        await scale(0);
        const isGone = async () =>
          (await client().list("v1", "Pod", "observability")).every(({ metadata }) =>
            metadata?.name?.startsWith("log-agent"),
          );
        assert.ok(await until(60, isGone), "all three are gone");
      });
    } finally {
      await scale(1);
    }
    await ready("observability", ...backends);
  });
});
