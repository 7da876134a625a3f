import assert from "node:assert/strict";
import { readManifests } from "./manifests";
import { simulateInjection } from "./injection";
import { Mesh } from "./mesh";

interface Pod {
  namespace?: Record<string, string>;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  spec?: object;
  name?: string;
  values?: object;
}

/** Whether a pod is injected, where revisions default and canary are installed. */
function injected({
  namespace,
  labels = {},
  annotations = {},
  spec = {},
  name = "demo",
  values,
}: Pod): boolean | undefined {
  const documents = [
    ...(namespace === undefined
      ? []
      : [{ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: namespace } }]),
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "pod", namespace: name, labels, annotations },
      spec: { containers: [{ name: "app" }], ...spec },
    },
    ...["", "-canary"].map((suffix) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `istio-sidecar-injector${suffix}`, namespace: "istio-system" },
      data: { values: JSON.stringify(values ?? {}) },
    })),
  ];
  const text = documents.map((document) => JSON.stringify(document)).join("\n---\n");
  const mesh = new Mesh({ resources: readManifests("x.yaml", text).resources });
  const pod = mesh.workloads.find(({ resource }) => resource.kind === "Pod")!;
  return simulateInjection(mesh, pod, { revisions: [] }).injected;
}

const inject = "sidecar.istio.io/inject";
const rev = "istio.io/rev";
const enabled = { "istio-injection": "enabled" };

describe("simulateInjection", () => {
  describe("asks the webhooks", () => {
    const table: [Record<string, string>, Record<string, string>, boolean, string][] = [
      [enabled, {}, true, "an enabled namespace"],
      [{ ...enabled, [rev]: "gone" }, {}, true, "whatever revision it also names"],
      [enabled, { [inject]: "false" }, false, "not a pod that opts out"],
      [enabled, { [rev]: "gone" }, true, "whatever revision the pod names"],
      [{ "istio-injection": "disabled" }, { [inject]: "true" }, false, "never in a disabled namespace"],
      [{ "istio-injection": "Enabled" }, { [inject]: "true" }, false, "nor with any other value"],
      [{ "istio-injection": "" }, { [inject]: "true" }, false, "nor with none"],
      [{ [rev]: "canary" }, {}, true, "a namespace of a revision"],
      [{ [rev]: "gone" }, {}, false, "nothing if the revision does not exist"],
      [{ [rev]: "canary" }, { [inject]: "false" }, false, "not a pod that opts out of a revision"],
      [{ [rev]: "canary" }, { [rev]: "gone" }, true, "the namespace's revision before the pod's"],
      [{}, { [rev]: "canary" }, true, "a pod that names a revision"],
      [{}, { [rev]: "gone" }, false, "nothing for a pod whose revision does not exist"],
      [{}, { [rev]: "canary", [inject]: "false" }, false, "not if it opts out"],
      [{}, { [inject]: "true" }, true, "a pod that asks"],
      [{}, { [inject]: "True" }, false, "only in exact case"],
      [{}, {}, false, "not a pod that says nothing"],
    ];
    for (const [namespace, labels, expected, title] of table) {
      it(title, () => assert.equal(injected({ namespace, labels }), expected));
    }

    it("everything where namespaces are enabled by default, but the four that never are", () => {
      const values = { sidecarInjectorWebhook: { enableNamespacesByDefault: true } };
      assert.equal(injected({ namespace: {}, values }), true);
      assert.equal(injected({ namespace: {}, labels: { [inject]: "no" }, values }), false);
      assert.equal(injected({ namespace: {}, name: "kube-system", values }), false);
    });

    it("is unknown where the namespace is not declared", () => {
      assert.equal(injected({}), undefined);
      assert.equal(injected({ labels: { [inject]: "true" } }), true);
      assert.equal(injected({ labels: { [inject]: "false" } }), false);
    });
  });

  describe("asks the injector", () => {
    const never = { sidecarInjectorWebhook: { neverInjectSelector: [{ matchLabels: { app: "x" } }] } };
    const always = {
      sidecarInjectorWebhook: { alwaysInjectSelector: [{ matchExpressions: [{ key: "app", operator: "Exists" }] }] },
    };
    const off = { global: { proxy: { autoInject: "disabled" } } };
    const labels = { app: "x" };
    const table: [Pod, boolean, string][] = [
      [{ spec: { hostNetwork: true } }, false, "not for the node's network"],
      [{ name: "kube-public" }, false, "not in namespaces that are ignored"],
      [{ annotations: { [inject]: "false" } }, false, "an annotation can opt out"],
      [{ annotations: { [inject]: "False" } }, true, "only in exact case"],
      [
        { labels: { [inject]: "true" }, annotations: { [inject]: "false" } },
        true,
        "the label comes before the annotation",
      ],
      [{ labels: { [inject]: "x" }, annotations: { [inject]: "false" } }, true, "even one that is no answer"],
      [{ labels, values: never }, false, "a selector can keep pods out"],
      [{ labels: { ...labels, [inject]: "true" }, values: never }, true, "unless they ask"],
      [{ labels, values: { ...off, ...always } }, true, "a selector can take pods in"],
      [{ values: off }, false, "the policy decides for the rest"],
      [{ labels: { [inject]: "true" }, values: off }, true, "who asks is injected all the same"],
      [{ spec: { containers: [{ name: "istio-proxy", image: "proxyv2:1.31.4" }] } }, true, "a proxy of its own is one"],
    ];
    for (const [pod, expected, title] of table) {
      it(title, () => assert.equal(injected({ namespace: enabled, ...pod }), expected));
    }
  });

  it("an annotation in a namespace without a label does nothing", () => {
    assert.equal(injected({ namespace: {}, annotations: { [inject]: "true" } }), false);
  });
});
