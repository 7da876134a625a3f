import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { images } from "../../components/versions";
import { embeddedSettings } from "../../commands/session/embeddedConfig";
import { freshProgram } from "../support/freshProgram";
import type { FreshProgram } from "../support/freshProgram";
import { allObjects, eventually, npm, readyContainers } from "./cluster";
import { assertAnswers, assertSameObjects, assertSidecars } from "./stack";
import { target } from "./target";
import { get, gatewayUrl, kubectl } from "./trafficSupport";

/** Waits until all Deployments of the namespaces are there. */
async function deployed(...namespaces: string[]): Promise<void> {
  for (const namespace of namespaces) {
    await kubectl("wait", "-n", namespace, "--for=condition=Available", "deployment", "--all", "--timeout=240s");
  }
}

describe("parts for other programs", () => {
  let objectsBefore: string[];
  before(async () => void (objectsBefore = await allObjects()));

  describe("manifests that npm run render writes", () => {
    let folder: string;
    const part = (name: string) => join(folder, name);
    before(() => (folder = mkdtempSync(join(tmpdir(), "rendered-"))));
    after(async () => {
      for (const name of ["2-objects", "1-namespaces", "0-definitions"]) {
        await kubectl("delete", "--ignore-not-found", "-f", part(name), "--timeout=120s");
      }
      rmSync(folder, { recursive: true });
    });

    it("bring up the mesh and what observes it, by kubectl alone", async () => {
      const flags = target.embedded ? ["--sandbox"] : ["--stack", target.stack];
      assert.equal((await npm("render", folder, ...flags)).code, 0);
      assert.equal((await npm("mesh-check", folder)).stdout.trim().split(", ")[1], "nothing found.");

      await kubectl("apply", "--server-side", "-f", part("0-definitions"), "-f", part("1-namespaces"));
      await kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s");
      await kubectl("apply", "--server-side", "-f", part("2-objects"));
      await deployed("istio-system", "istio-ingress", "demo");
      for (const backend of ["prometheus", "jaeger", "loki"]) {
        await kubectl("rollout", "status", "-n", "observability", `statefulset/${backend}`, "--timeout=240s");
      }
      await assertSidecars();
      const url = (path: string) => `${target.gatewayUrl}${path}`;
      const services = { "user-service": url("/user"), "payment-service": url("/payment") };
      await assertAnswers({ gatewayUrl: target.gatewayUrl, services, dashboards: {}, readme: "" });
    });
  });

  describe("the components, in a program of another folder", () => {
    let fresh: FreshProgram;
    before(async () => {
      fresh = await freshProgram({ KUBECONFIG: target.kubeconfig });
    });
    after(async () => {
      assert.equal((await fresh.pulumi("destroy", "--yes", "--skip-preview")).code, 0);
      await fresh.remove();
      // What istiod and Helm leave: its authority's certificate in each namespace, and the resource definitions.
      await kubectl("delete", "crd", "--selector=app.kubernetes.io/part-of=istio");
      await kubectl("delete", "configmap", "--all-namespaces", "--selector=istio.io/config=true");
      await assertSameObjects(objectsBefore);
    });

    it("bring up two namespaces of one mesh, each behind its host", async () => {
      const none = { metrics: { kind: "none" }, tracing: { kind: "none" }, logs: { kind: "none" } };
      await fresh.write((program) =>
        onTarget(program).replace("applications:", `observability: ${JSON.stringify(none)}, applications:`),
      );
      const { code, said } = await fresh.pulumi("up", "--yes", "--skip-preview");
      assert.equal(code, 0, said);

      for (const [namespace, name] of [
        ["shop", "cart"],
        ["shop", "stock"],
        ["blog", "posts"],
      ] as const) {
        const pods = Object.entries(await readyContainers(namespace));
        const [, containers = []] = pods.find(([pod]) => pod.startsWith(`${name}-`)) ?? [];
        assert.deepEqual([...containers].sort(), ["istio-proxy", name].sort(), `${namespace}/${name}`);
      }
      const answer = (host: string, path: string) => get(`${gatewayUrl}${path}`, { host });
      await eventually(async () => {
        assert.equal((await answer("shop.example.com", "/cart")).body.trim(), "Hello from cart");
        assert.equal((await answer("blog.example.com", "/")).body.trim(), "Hello from posts");
      });
      assert.equal((await answer("shop.example.com", "/stock")).status, 404);
      assert.equal((await answer("elsewhere.example.com", "/cart")).status, 404);

      const again = await fresh.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
      assert.equal(again.code, 0, again.said);
    });
  });
});

/** @returns the documented program, for the cluster of these tests: its charts and images, and the proxies that it has. */
function onTarget(program: string): string {
  const settings = target.embedded ? embeddedSettings() : {};
  const echo = target.embedded
    ? (JSON.parse(settings.images ?? "{}") as Partial<typeof images>).httpEcho!
    : images.httpEcho;
  const istio = {
    charts: settings.istioCharts,
    hub: settings.istioHub,
    tag: settings.istioTag,
    ...(target.embedded && {
      istiodEnv: { PILOT_ENABLE_METADATA_EXCHANGE: "false", PILOT_ENABLE_ALPN_FILTER: "false" },
      telemetryFilter: false,
    }),
  };
  return program
    .replace("hashicorp/http-echo:1.0.0", echo)
    .replace("kind-kind", target.context)
    .replace("istio: {", `istio: { ...${JSON.stringify(istio)},`);
}
