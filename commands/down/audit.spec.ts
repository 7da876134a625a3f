import assert from "node:assert/strict";
import type { LiveObject } from "../../cluster/kubeClient";
import { audit } from "./audit";

/** A cluster with these objects, as `Kind namespace/name` or `Kind name`, all labelled alike. */
function cluster(titles: string[], labels: Record<string, string> = {}) {
  const objects = titles.map((title): LiveObject => {
    const [kind = "", path = ""] = title.split(" ");
    const [name, namespace] = path.split("/").reverse();
    return { kind, metadata: { name, namespace, labels } };
  });
  return { list: (_: string, kind: string) => Promise.resolve(objects.filter((object) => object.kind === kind)) };
}

describe("audit", () => {
  it("finds what is left of a mesh, by kind, and says why it may be there", async () => {
    const left = [
      "CustomResourceDefinition wasmplugins.extensions.istio.io",
      "MutatingWebhookConfiguration istio-sidecar-injector-old",
      "MutatingWebhookConfiguration istio-revision-tag-stable",
      "ValidatingWebhookConfiguration istiod-default-validator",
      "ClusterRole istiod-clusterrole-istio-system",
      "ClusterRoleBinding sidecar-mesh-prometheus",
      "Lease istio-system/istio-leader",
      "ConfigMap default/istio-ca-root-cert",
      "Namespace istio-system",
      "PersistentVolumeClaim observability/data-loki-0",
    ];
    const said = await audit(cluster(left));
    assert.deepEqual(said.map((line) => line.split(": ")[0]).sort(), [...left].sort());
    assert.ok(said.every((line) => line.length > line.indexOf(": ") + 10));
  });

  it("has nothing to say of what is others'", async () => {
    const others = [
      "CustomResourceDefinition certificates.cert-manager.io",
      "MutatingWebhookConfiguration cert-manager-webhook",
      "ClusterRole cluster-admin",
      "ClusterRole distiostic",
      "Lease kube-system/kube-scheduler",
      "ConfigMap default/settings",
      "Namespace default",
      "PersistentVolumeClaim shop/data",
    ];
    assert.deepEqual(await audit(cluster(others)), []);
    assert.match(
      (await audit(cluster(["Namespace shop"], { "istio-injection": "enabled" })))[0]!,
      /get no sidecar now/,
    );
    assert.match((await audit(cluster(["Namespace shop"], { "istio.io/rev": "canary" })))[0]!, /get no sidecar now/);
    assert.deepEqual(await audit(cluster(["Namespace shop"], { "istio-injection": "disabled" })), []);
  });

  it("says of each object once why it is there, and of volumes whose claims they were", async () => {
    const [said, ...more] = await audit(cluster(["Namespace istio-system"], { "istio-injection": "enabled" }));
    assert.match(said!, /^Namespace istio-system: it existed before/);
    assert.deepEqual(more, []);
    const volume = (name: string, namespace?: string): LiveObject => ({
      metadata: { name },
      spec: namespace ? { claimRef: { namespace } } : {},
    });
    const volumes = [
      volume("loki", "observability"),
      volume("shop", "shop"),
      volume("free"),
      { metadata: { name: "x" } },
    ];
    const list = (_: string, kind: string) => Promise.resolve(kind === "PersistentVolume" ? volumes : []);
    assert.deepEqual(await audit({ list }), [
      "PersistentVolume loki: its storage class keeps data when its claim is gone",
    ]);
  });
});
