import assert from "node:assert/strict";
import { allObjects, npm, start, tool } from "./cluster";
import { assertAnswers, assertSameObjects, assertSidecars } from "./stack";
import { assertNothingToAnalyze } from "./trafficSupport";

describe("npm start, in-process", () => {
  let before: string[];

  it("brings the mesh up, and both services answer through Envoy", async () => {
    before = await allObjects();
    const { outputs, said } = await start("--engine", "in-process");
    assert.match(said, /cluster: the embedded one \(--sandbox\)/);
    assert.match(said, /engine: in-process, the fallback/);
    await assertAnswers(outputs);
    await assertSidecars();
  });

  it("changes nothing the second time", async () => {
    const { said } = await start("--engine", "in-process");
    assert.match(said, /0 created, 0 updated, \d+ unchanged, 0 deleted/);
  });

  it("finds and mends what somebody changed", async () => {
    await tool("kubectl", "-n", "demo", "scale", "deployment/user-service", "--replicas=2");
    await tool("kubectl", "-n", "demo", "delete", "virtualservice/demo-vs");
    const { outputs, said } = await start("--engine", "in-process");
    assert.match(said, /1 created, 1 updated, /);
    await assertAnswers(outputs);
  });

  it("gives istioctl analyze nothing to say", async () => {
    await assertNothingToAnalyze();
  });

  it("follows config: another service comes, an old one goes", async () => {
    const services = [
      { name: "user-service", text: "Hello from User Service", path: "/user" },
      { name: "order-service", text: "Hello from Order Service", path: "/order" },
    ];
    const { outputs, said } = await start("--engine", "in-process", "-c", `services=${JSON.stringify(services)}`);
    assert.match(said, /- Deployment payment-service-deployment deleted/);
    assert.deepEqual(Object.keys(outputs.services).sort(), ["order-service", "user-service"]);
    assert.equal((await (await fetch(outputs.services["order-service"]!)).text()).trim(), "Hello from Order Service");
  });

  it("refuses bad config before it touches anything", async () => {
    const { code, stderr } = await npm(
      "start",
      "--sandbox",
      "--engine",
      "in-process",
      "-c",
      "namespace=kube-system",
      "-c",
      "replicas=2",
    );
    assert.equal(code, 2);
    assert.match(stderr, /2 problems; nothing was changed/);
    assert.match(stderr, /namespace = "kube-system"/);
  });

  it("does not let the Pulumi CLI at it, which would know nothing of it", async () => {
    const { code, stderr } = await npm("start", "--sandbox", "--engine", "cli");
    assert.equal(code, 1);
    assert.match(stderr, /applied in-process, .*; remove it first \(npm run down\)/);
  });

  it("leaves no object of ours behind after npm run down", async () => {
    const { code, stderr } = await npm("down", "--sandbox");
    assert.equal(code, 0);
    assert.match(stderr, /audit: no resource definition, .* is left/);
    await assertSameObjects(before);
  });

  it("takes over nothing of somebody else's", async () => {
    await tool("kubectl", "create", "namespace", "demo");
    try {
      const { code, stderr } = await npm("start", "--sandbox", "--engine", "in-process");
      assert.equal(code, 1);
      assert.match(stderr, /nothing was changed\n\s+Namespace demo: made by kubectl-create\n.* the key namespace/);
      await tool("kubectl", "get", "namespace", "demo");
    } finally {
      await tool("kubectl", "delete", "namespace", "demo");
    }
    await assertSameObjects(before);
  });

  it("says what it keeps, and why", async () => {
    await tool("kubectl", "create", "clusterrole", "istio-leftover", "--verb=get", "--resource=pods");
    try {
      const { code, stderr } = await npm("down", "--sandbox");
      assert.equal(code, 0);
      assert.match(stderr, /kept ClusterRole istio-leftover: not made by this stack/);
    } finally {
      await tool("kubectl", "delete", "clusterrole", "istio-leftover");
    }
  });
});
