import assert from "node:assert/strict";
import { declare, errorOf, valueOf } from "../test/support/declare";
import type { EchoServiceArgs } from "./echoService";
import { EchoService } from "./echoService";

const args: EchoServiceArgs = { namespace: "demo", serviceName: "user-service", image: "echo:1", port: 8080 };

async function declared(more: Partial<EchoServiceArgs> = {}) {
  return declare(() => new EchoService("user-service", { ...args, ...more }));
}

describe("EchoService", () => {
  it("declares account, deployment and service under one name", async () => {
    const { one, result } = await declared();
    for (const kind of ["ServiceAccount", "Deployment", "Service"]) {
      assert.equal(one(kind).inputs.metadata.name, "user-service");
      assert.equal(one(kind).inputs.metadata.namespace, "demo");
    }
    assert.equal(await valueOf(result.serviceName), "user-service");
  });

  it("labels pods with app and version, selects by both, and serves all versions", async () => {
    const { one } = await declared({ version: "v2" });
    const labels = { app: "user-service", version: "v2" };
    const { spec } = one("Deployment").inputs;
    assert.deepEqual(spec.template.metadata.labels, labels);
    assert.deepEqual(spec.selector.matchLabels, labels);
    assert.deepEqual(one("Service").inputs.spec.selector, { app: "user-service" });
  });

  it("has a Service of each version on request, which is younger than that of all", async () => {
    const versions = [{ version: "v1" }, { version: "v2" }];
    const { all, one } = await declared({ versions, versionServices: true, callPorts: [8091] });
    const [whole, second] = [one("Service", "user-service"), one("Service", "user-service-v2")];
    assert.equal(all("Service").length, 3);
    assert.deepEqual(second.inputs.spec.selector, { app: "user-service", version: "v2" });
    assert.deepEqual(second.inputs.spec.ports, whole.inputs.spec.ports);
    assert.ok(second.order > whole.order);
  });

  it("declares the protocol of its port, on which the container listens", async () => {
    const { one } = await declared({ port: 9000 });
    const [port] = one("Service").inputs.spec.ports;
    assert.deepEqual(port, { name: "http", port: 9000, targetPort: "http", appProtocol: "http" });
    const [container] = one("Deployment").inputs.spec.template.spec.containers;
    assert.deepEqual(container.ports, [{ name: "http", containerPort: 9000 }]);
  });

  it("runs as an unprivileged user, on a read-only root, without a token", async () => {
    const { one } = await declared();
    const pod = one("Deployment").inputs.spec.template.spec;
    assert.equal(pod.automountServiceAccountToken, false);
    assert.equal(pod.securityContext.runAsNonRoot, true);
    assert.equal(pod.serviceAccountName, "user-service");
    const { securityContext } = pod.containers[0];
    assert.equal(securityContext.readOnlyRootFilesystem, true);
    assert.equal(securityContext.allowPrivilegeEscalation, false);
    assert.deepEqual(securityContext.capabilities, { drop: ["ALL"] });
    assert.notEqual(securityContext.runAsUser, 0);
    // 1337 is the sidecar's: what runs under it escapes the mesh.
    assert.notEqual(securityContext.runAsUser, 1337);
  });

  it("lets the image run as its own user, and write where it has to", async () => {
    const { one } = await declared({ user: 101, writablePaths: ["/tmp", "/var/cache/nginx"] });
    const { containers, volumes } = one("Deployment").inputs.spec.template.spec;
    const { securityContext, volumeMounts } = containers[0];
    assert.deepEqual([securityContext.runAsUser, securityContext.runAsGroup], [101, 101]);
    assert.equal(securityContext.readOnlyRootFilesystem, true);
    assert.deepEqual(
      volumeMounts.map(({ name, mountPath }: { name: string; mountPath: string }) => [name, mountPath]),
      [
        ["writable-0", "/tmp"],
        ["writable-1", "/var/cache/nginx"],
      ],
    );
    assert.deepEqual(volumes, [
      { name: "writable-0", emptyDir: {} },
      { name: "writable-1", emptyDir: {} },
    ]);
  });

  it("refuses root, and the sidecar's own user", async () => {
    for (const user of [0, 1337, 1.5]) {
      await assert.rejects(declared({ user }), /EchoService.*user/s);
    }
  });

  it("probes the path it is given, or else the port", async () => {
    const probeOf = async (more: Partial<EchoServiceArgs>) => {
      const { one } = await declared(more);
      return one("Deployment").inputs.spec.template.spec.containers[0].readinessProbe;
    };
    assert.deepEqual((await probeOf({ probePath: "/healthz" })).httpGet, { path: "/healthz", port: "http" });
    assert.deepEqual((await probeOf({})).tcpSocket, { port: "http" });
  });

  it("loses no pod before its successor is ready", async () => {
    const { one } = await declared();
    const { strategy, template } = one("Deployment").inputs.spec;
    assert.deepEqual(strategy.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 });
    const { terminationGracePeriodSeconds, containers } = template.spec;
    assert.ok(containers[0].lifecycle.preStop.sleep.seconds < terminationGracePeriodSeconds);
  });

  it("leaves the number of pods to the autoscaler where there is one", async () => {
    const { one, all } = await declared({
      autoscaling: { min: 2, max: 4, cpuPercent: 70 },
      replicas: 2,
      minAvailable: 1,
    });
    assert.equal(one("Deployment").inputs.spec.replicas, undefined);
    const { spec } = one("HorizontalPodAutoscaler").inputs;
    assert.deepEqual([spec.minReplicas, spec.maxReplicas], [2, 4]);
    assert.equal(one("PodDisruptionBudget").inputs.spec.minAvailable, 1);
    assert.equal(all("Deployment").length, 1);
  });

  it("makes neither autoscaler nor budget unasked", async () => {
    const { all } = await declared();
    assert.equal(all("HorizontalPodAutoscaler").length + all("PodDisruptionBudget").length, 0);
  });

  it("names every mistake at once", async () => {
    const message = await errorOf(
      () => new EchoService("x", { ...args, serviceName: "User_Service", port: 70000, replicas: -1 }),
    );
    assert.match(message, /serviceName is "User_Service".*port is 70000.*replicas is -1/s);
  });

  it("gives each version a Deployment, and all of them one Service and one identity", async () => {
    const { one, all } = await declared({
      replicas: 3,
      args: ["-text=one"],
      minAvailable: 1,
      versions: [{ version: "v1" }, { version: "v2", image: "echo:2", replicas: 1 }],
    });
    assert.deepEqual(
      // They register side by side, in no order.
      ["user-service-v1", "user-service-v2"].map((deployment) => {
        const { metadata, spec } = one("Deployment", deployment).inputs;
        const [{ image, args: containerArgs }] = spec.template.spec.containers;
        return [metadata.name, spec.selector.matchLabels.version, spec.replicas, image, containerArgs];
      }),
      [
        ["user-service-v1", "v1", 3, "echo:1", ["-text=one"]],
        ["user-service-v2", "v2", 1, "echo:2", undefined],
      ],
    );
    assert.ok(all("Deployment").every(({ inputs }) => inputs.spec.template.spec.serviceAccountName === "user-service"));
    assert.deepEqual(one("Service").inputs.spec.selector, { app: "user-service" });
    assert.equal(all("ServiceAccount").length, 1);
    // One pod could never leave one behind.
    assert.equal(one("PodDisruptionBudget").inputs.metadata.name, "user-service-v1");
  });

  it("refuses the name of another container of its pods", async () => {
    for (const serviceName of ["istio-proxy", "log-scraper"]) {
      const extras = { containers: [{ name: "log-scraper" }] };
      const message = await errorOf(() => new EchoService("x", { ...args, serviceName, extras }));
      assert.match(message, new RegExp(`serviceName is "${serviceName}": another container of its pods has this name`));
    }
  });

  it("refuses one name for two versions", async () => {
    const message = await errorOf(
      () => new EchoService("x", { ...args, versions: [{ version: "v1" }, { version: "v1" }] }),
    );
    assert.match(message, /versions\[1\]\.version is "v1"/);
  });
});
