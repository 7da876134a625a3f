import assert from "node:assert/strict";
import { nodes, onNode, plainTextError } from "./cluster";
import {
  addFortio,
  apply,
  assertNothingToAnalyze,
  fortioIn,
  fortioService,
  gatewayUrl,
  get,
  kubectl,
  namespace,
  remove,
  until,
} from "./trafficSupport";

const services = [
  fortioService("caller", "", { path: "/caller", globalRateLimit: { requests: 1000, unit: "hour" } }),
  fortioService("private", "", { allowFrom: ["caller"] }),
];

/** The nodes' CNI configuration that names istio-cni. */
async function filesNamingIt(): Promise<string[]> {
  const found = await Promise.all(
    (await nodes()).map((node) => onNode(node, "sh", "-c", "grep -ls istio-cni /etc/cni/net.d/* || true")),
  );
  return found.flatMap((text) => text.split("\n").filter(Boolean));
}

describe("istio-cni and restricted pods", function () {
  this.timeout(240_000);

  before(async () => {
    // Pods that have no istio-cni would be left as they are.
    await remove();
    await addFortio();
    await apply({ services, istioCni: "true" });
    assert.ok(await until(30, async () => (await get(`${gatewayUrl}/caller`)).status === 200), "the gateway answers");
  });

  after(() => remove());

  it("leave no pod a right that restricted would refuse", async () => {
    for (const ns of [namespace, "rate-limit"]) {
      const label = "jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}";
      assert.equal(await kubectl("get", "namespace", ns, "-o", label), "restricted");
      const inits = await kubectl("get", "pod", "-n", ns, "-o", "jsonpath={.items[*].spec.initContainers[*].name}");
      assert.ok(inits.includes("istio-validation") && !inits.includes("istio-init"), inits);
    }
    await assert.rejects(
      kubectl("run", "root", "-n", namespace, "--image=none:1", "--privileged"),
      /violates PodSecurity "restricted/,
    );
  });

  it("redirect what pods send and what they get", async () => {
    assert.match(await fortioIn("caller", "curl", "http://private:8080/"), /HTTP\/1.1 200/);
    assert.match(await fortioIn("private", "curl", "http://caller:8080/"), /HTTP\/1.1 403/);
    assert.match(await plainTextError("private"), /Connection reset by peer/);
  });

  it("let the rate limit service count", async () => {
    assert.match(String((await get(`${gatewayUrl}/caller`)).headers["x-ratelimit-limit"]), /^1000, /);
  });

  it("leave nothing for istioctl analyze to report", async () => {
    await assertNothingToAnalyze();
  });

  it("take the plugin with them when they go", async () => {
    assert.ok((await filesNamingIt()).length > 0);
    await remove();
    assert.ok(await until(40, async () => (await filesNamingIt()).length === 0), (await filesNamingIt()).join());
    for (const node of await nodes()) {
      assert.doesNotMatch(await onNode(node, "ls", "/opt/cni/bin"), /istio-cni/);
    }
  });
});
