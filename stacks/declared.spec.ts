import assert from "node:assert/strict";
import { parseConfig } from "./config";
import { declaredMesh } from "./declared";
import type { Settings } from "./settings";

/** What a stack of these services declares; nothing here asks for a cluster. */
function namespacesOf(services: object[]) {
  const config = parseConfig({ "sidecar-mesh:services": JSON.stringify(services) }) as Settings;
  return declaredMesh(config, { namespace: "istio-ingress", serviceAccount: "istio-ingressgateway" }).namespaces;
}

describe("what a stack declares", () => {
  it("names every namespace that the stack makes, that of the rate limit service where there is one", () => {
    const always = {
      mesh: "demo",
      system: "istio-system",
      gateway: "istio-ingress",
      observability: "observability",
    };
    assert.deepEqual(namespacesOf([{ name: "a" }]), { ...always, rateLimit: undefined });
    const limited = { name: "a", globalRateLimit: { requests: 1, unit: "second" } };
    assert.deepEqual(namespacesOf([limited]), { ...always, rateLimit: "rate-limit" });
  });
});
