import assert from "node:assert/strict";
import { declare, errorOf, valueOf } from "../test/support/declare";
import { MeshNamespace } from "./meshNamespace";
import type { MeshNamespaceArgs } from "./meshNamespace";

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
    for (const namespace of ["default", "kube-system", "kube-public", "kube-node-lease"]) {
      const message = await errorOf(() => new MeshNamespace("mesh", { namespace }));
      assert.match(message, new RegExp(`namespace is "${namespace}": every cluster has this namespace`));
    }
  });

  it("refuses a mode and a level that Istio and Kubernetes do not know", async () => {
    const args = { namespace: "demo", mtls: "LOOSE", podSecurity: "strict" } as unknown as MeshNamespaceArgs;
    const message = await errorOf(() => new MeshNamespace("mesh", args));
    assert.match(message, /mtls is "LOOSE": use one of STRICT, PERMISSIVE, DISABLE/);
    assert.match(message, /podSecurity is "strict": use one of privileged, baseline, restricted/);
  });

  it("enforces a Pod Security level where one is named", async () => {
    const { one } = await declare(() => new MeshNamespace("mesh", { namespace: "demo", podSecurity: "restricted" }));
    assert.equal(one("Namespace").inputs.metadata.labels["pod-security.kubernetes.io/enforce"], "restricted");
  });

  it("limits who sends packets, and what is taken, only if asked to", async () => {
    const plain = await declare(() => new MeshNamespace("mesh", { namespace: "demo", resourceQuota: {} }));
    assert.equal(plain.all("NetworkPolicy").length + plain.all("ResourceQuota").length, 0);
    const { one } = await declare(
      () =>
        new MeshNamespace("mesh", {
          namespace: "demo",
          allowedNamespaces: ["istio-ingress"],
          resourceQuota: { pods: "20" },
        }),
    );
    assert.deepEqual(one("ResourceQuota").inputs.spec, { hard: { pods: "20" } });
    const { spec } = one("NetworkPolicy").inputs;
    assert.deepEqual(spec.podSelector, {});
    assert.deepEqual(spec.ingress, [
      {
        from: [
          { podSelector: {} },
          { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "istio-ingress" } } },
        ],
      },
      {
        ports: [
          { port: 15020, protocol: "TCP" },
          { port: 15090, protocol: "TCP" },
        ],
      },
    ]);
  });
});
