import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { images } from "../../components/versions";
import { embeddedSettings } from "../../commands/session/embeddedConfig";
import { projectFolder } from "../../commands/session/stackFiles";
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

  describe("the components, in programs of another folder", () => {
    let fresh: FreshProgram;
    let destroy: () => Promise<{ code: number; said: string }>;
    before(async () => {
      fresh = await freshProgram({ KUBECONFIG: target.kubeconfig, KUBE_CONTEXT: target.context });
    });
    afterEach(async () => {
      const { code, said } = await destroy();
      assert.equal(code, 0, said);
      // What istiod and Helm leave: its authority's certificate in each namespace, and the resource definitions.
      await kubectl("delete", "crd", "--selector=app.kubernetes.io/part-of=istio");
      await kubectl(
        "delete",
        "--ignore-not-found",
        "-f",
        join(projectFolder, "components/charts/gateway-api/definitions"),
      );
      await kubectl("delete", "configmap", "--all-namespaces", "--selector=istio.io/config=true");
      await assertSameObjects(objectsBefore);
    });
    after(() => fresh.remove());

    it("bring up two namespaces of one mesh, each behind its host", async () => {
      destroy = () => fresh.pulumi("destroy", "--yes", "--skip-preview");
      await fresh.write((program) =>
        onTarget(program)
          .replace("istio: {", `istio: { ...${JSON.stringify(istioOnTarget())},`)
          .replace("applications:", `observability: ${JSON.stringify(noBackends)}, applications:`),
      );
      const { code, said } = await fresh.pulumi("up", "--yes", "--skip-preview");
      assert.equal(code, 0, said);

      await assertSidecarsOf("shop", "cart", "stock");
      await assertSidecarsOf("blog", "posts");
      await eventually(async () => {
        assert.equal((await answer("shop.example.com", "/cart")).body.trim(), "Hello from cart");
        assert.equal((await answer("blog.example.com", "/")).body.trim(), "Hello from posts");
      });
      assert.equal((await answer("shop.example.com", "/stock")).status, 404);
      assert.equal((await answer("elsewhere.example.com", "/cart")).status, 404);

      const again = await fresh.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
      assert.equal(again.code, 0, again.said);
    });

    for (const language of ["yaml", "python"] as const) {
      it(`bring up both echo services from ${language}`, async () => {
        destroy = () => Promise.resolve({ code: 0, said: "" });
        const program = await fresh[language]((text) => inLanguage[language](onTarget(text)));
        destroy = () => program.run("destroy");
        const { code, said } = await program.run("up");
        assert.equal(code, 0, said);

        await assertSidecarsOf("shop", "user-service", "payment-service");
        await eventually(async () => {
          assert.equal((await answer("any", "/user")).body.trim(), "Hello from User Service");
          assert.equal((await answer("any", "/payment")).body.trim(), "Hello from Payment Service");
        });
        assert.equal((await answer("any", "/")).status, 404);
        const routes = language === "yaml" ? "httproute" : "virtualservice";
        assert.notEqual(await kubectl("get", routes, "-n", "shop", "-o", "name"), "");

        const again = await program.run("up", "--expect-no-changes");
        assert.equal(again.code, 0, again.said);
      });
    }
  });
});

const noBackends = { metrics: { kind: "none" }, tracing: { kind: "none" }, logs: { kind: "none" } };

/**
 * Puts charts, images and proxies of these tests into a documented program; without backends it is up sooner. The one
 * in YAML has its routes in the Gateway API.
 */
const inLanguage = {
  yaml: (program: string) =>
    Object.entries(istioOnTarget())
      .flatMap(([key, value]) => (value === undefined ? [] : [`        ${key}: ${JSON.stringify(value)}`]))
      .reduce((text, line) => text.replace("      istio:\n", `      istio:\n${line}\n`), program)
      .replace(
        "      applications:",
        `      ingressApi: gateway\n      observability: ${JSON.stringify(noBackends)}\n      applications:`,
      ),
  python: (program: string) =>
    program
      .replace("istio={", `istio={**${inPython(istioOnTarget())}, `)
      .replace("applications=[", `observability=${inPython(noBackends)}, applications=[`),
};

/** @returns an object as Python writes it, with the names that its SDK has. */
function inPython(value: unknown): string {
  return typeof value === "object" && value !== null
    ? `{${Object.entries(value)
        .filter(([, one]) => one !== undefined)
        .map(([key, one]) => `"${/^[A-Z_]+$/.test(key) ? key : snakeCase(key)}": ${inPython(one)}`)
        .join(", ")}}`
    : typeof value === "boolean"
      ? { true: "True", false: "False" }[`${value}`]
      : JSON.stringify(value);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Fails unless each service has a ready pod with a sidecar. */
async function assertSidecarsOf(namespace: string, ...services: string[]): Promise<void> {
  const pods = Object.entries(await readyContainers(namespace));
  for (const name of services) {
    const [, containers = []] = pods.find(([pod]) => pod.startsWith(`${name}-`)) ?? [];
    assert.deepEqual([...containers].sort(), ["istio-proxy", name].sort(), `${namespace}/${name}`);
  }
}

function answer(host: string, path: string): ReturnType<typeof get> {
  return get(`${gatewayUrl}${path}`, { host });
}

/** @returns the documented program with the cluster and the image of these tests. */
function onTarget(program: string): string {
  const settings = target.embedded ? embeddedSettings() : {};
  const echo = target.embedded
    ? (JSON.parse(settings.images ?? "{}") as Partial<typeof images>).httpEcho!
    : images.httpEcho;
  return program.replaceAll("hashicorp/http-echo:1.0.0", echo).replace("kind-kind", target.context);
}

/** @returns args of Istio for the charts and images of these tests, and for the proxies that they have. */
function istioOnTarget() {
  const settings = target.embedded ? embeddedSettings() : {};
  return {
    charts: settings.istioCharts,
    hub: settings.istioHub,
    tag: settings.istioTag,
    ...(target.embedded && {
      istiodEnv: { PILOT_ENABLE_METADATA_EXCHANGE: "false", PILOT_ENABLE_ALPN_FILTER: "false" },
      telemetryFilter: false,
    }),
  };
}
