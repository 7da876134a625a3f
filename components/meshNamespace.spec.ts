import assert from "node:assert/strict";
import { declare, errorOf, valueOf } from "../test/support/declare";
import { MeshNamespace } from "./meshNamespace";

describe("MeshNamespace", () => {
  it("labels the namespace for injection and demands mutual TLS", async () => {
    const { result, one } = await declare(() => new MeshNamespace("mesh", { namespace: "demo" }));
    assert.deepEqual(one("Namespace").inputs.metadata, { name: "demo", labels: { "istio-injection": "enabled" } });
    assert.deepEqual(one("PeerAuthentication").inputs.spec, { mtls: { mode: "STRICT" } });
    assert.equal(one("PeerAuthentication").inputs.metadata.namespace, "demo");
    assert.equal(await valueOf(result.namespace), "demo");
  });

  it("labels with the revision alone where there is one: the two labels exclude each other", async () => {
    const { one } = await declare(() => new MeshNamespace("mesh", { namespace: "demo", revision: "canary" }));
    assert.deepEqual(one("Namespace").inputs.metadata.labels, { "istio.io/rev": "canary" });
  });

  it("keeps injection on whatever labels are added", async () => {
    const labels = { team: "a", "istio-injection": "disabled" };
    const { one } = await declare(() => new MeshNamespace("mesh", { namespace: "demo", labels }));
    assert.deepEqual(one("Namespace").inputs.metadata.labels, { team: "a", "istio-injection": "enabled" });
  });

  it("refuses a name that no namespace can have, before anything is declared", async () => {
    assert.match(
      await errorOf(() => new MeshNamespace("mesh", { namespace: "De mo" })),
      /namespace is "De mo": use a DNS label/,
    );
  });
});
