import assert from "node:assert/strict";
import { podsOf, tool } from "./cluster";
import type { Answer } from "./trafficSupport";
import { apply, constantLoad, gatewayUrl, get, remove, statuses, until } from "./trafficSupport";

/** Requests a second to each service while a step is under way. */
const perSecond = 20;

const services = [
  { name: "user-service", path: "/user", replicas: 2 },
  { name: "payment-service", path: "/payment", replicas: 1, allowFrom: ["user-service"] },
];
/** The mesh alone; what watches it has no part in this. */
const mesh = {
  services,
  metricsBackend: "none",
  tracingBackend: "none",
  logsBackend: "none",
  loadGenerator: "false",
};
const canary = { ...mesh, istioCanary: { revision: "next" } };

/**
 * Applies a step of the upgrade under load.
 * @returns how many requests were answered; fails if one was not answered with 200.
 */
async function under(step: string, config: Record<string, unknown>): Promise<void> {
  const loads = services.map(({ path }) => constantLoad(`${gatewayUrl}${path}`, perSecond));
  let answers: Answer[];
  try {
    await apply(config);
  } finally {
    answers = (await Promise.all(loads.map(({ stop }) => stop()))).flat();
  }
  console.log(`      ${step}: ${JSON.stringify(statuses(answers))}`);
  assert.ok(answers.length > perSecond, `${answers.length} requests`);
  const failed = answers.filter(({ status }) => status !== 200);
  assert.deepEqual(
    failed.map(({ status, error, body }) => [status, error, body.slice(0, 100)]),
    [],
  );
}

/** @returns by pod of the mesh, the revision whose injector made its sidecar. */
async function revisions(): Promise<Record<string, string>> {
  const injected: Record<string, string> = {};
  for (const namespace of ["demo", "istio-ingress"]) {
    for (const { name, annotations } of await podsOf(namespace, "")) {
      injected[name] = annotations["istio.io/rev"] ?? "";
    }
  }
  return injected;
}

async function controlPlanes(): Promise<string[]> {
  const listing = await tool("kubectl", "-n", "istio-system", "get", "deployments", "-l", "app=istiod", "-o", "name");
  return listing.trim().split("\n").sort();
}

function proxyStatus(revision: string): Promise<string> {
  // Without one it asks the default revision.
  return tool("istioctl", "proxy-status", ...(revision === "default" ? [] : ["--revision", revision]));
}

/**
 * Asserts that every pod runs the sidecar of `revision`, and that its istiod is the one that the sidecar listens to.
 */
async function assertRevision(revision: string): Promise<void> {
  // A rollout is over for Pulumi when the new pods are ready; the last old one goes a moment later.
  let now: Record<string, string> = {};
  const moved = async () => {
    now = await revisions();
    return Object.keys(now).length === 4 && Object.values(now).every((injector) => injector === revision);
  };
  assert.ok(await until(30, moved), JSON.stringify(now));
  const istiod = revision === "default" ? "istiod" : `istiod-${revision}`;
  assert.ok(
    await until(30, async () => {
      const status = await proxyStatus(revision);
      const lines = Object.keys(now).map((pod) => status.split("\n").find((line) => line.startsWith(`${pod}.`)));
      return lines.every((line) => line !== undefined && new RegExp(`\\b${istiod}-[a-z0-9]+-[a-z0-9]+\\b`).test(line));
    }),
    await proxyStatus(revision),
  );
}

// The sandbox has one build of Istio, so both revisions run the same version: what is shown is the way from one to the
// other.
describe("an upgrade by revision", function () {
  this.timeout(600_000);

  before(async () => {
    await remove();
    await apply(mesh);
    assert.ok(await until(30, async () => (await get(`${gatewayUrl}/user`)).status === 200));
    await assertRevision("default");
  });

  after(() => remove());

  it("installs a second control plane beside the first, and no pod notices", async () => {
    const before = await revisions();
    await under("beside", canary);
    assert.deepEqual(await controlPlanes(), ["deployment.apps/istiod", "deployment.apps/istiod-next"]);
    assert.deepEqual(await revisions(), before);
  });

  it("moves gateway and services to it, and drops no request", async () => {
    await under("moved", { ...canary, istioInjector: "canary" });
    await assertRevision("next");
  });

  it("goes back, and drops no request", async () => {
    await under("back", canary);
    await assertRevision("default");
  });

  it("moves again, and retires the old one without touching a pod", async () => {
    await under("moved again", { ...canary, istioInjector: "canary" });
    await assertRevision("next");
    const moved = await revisions();
    await under("retired", { ...mesh, istioRevision: "next" });
    assert.deepEqual(await controlPlanes(), ["deployment.apps/istiod-next"]);
    assert.deepEqual(await revisions(), moved);
    await assertRevision("next");
    assert.equal((await tool("istioctl", "analyze", "--namespace", "demo")).trim(), "");
  });
});
