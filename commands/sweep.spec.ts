import assert from "node:assert/strict";
import type { LiveObject, ObjectRef } from "../cluster/kubeClient";
import type { ExportedStack } from "./pulumi/stack";
import { ownLeavings, sweep, type Leavings } from "./sweep";

/** A cluster whose objects can be listed and deleted. */
class FakeCluster {
  readonly deleted: string[] = [];

  constructor(private objects: LiveObject[]) {}

  list = (_: string, kind: string) => Promise.resolve(this.objects.filter((object) => object.kind === kind));
  get = ({ kind, name, namespace }: ObjectRef) => Promise.resolve(this.objects.find(this.is(kind, name, namespace)));
  delete = ({ kind, name, namespace }: ObjectRef) => {
    this.deleted.push(`${kind} ${namespace ? `${namespace}/` : ""}${name}`);
    this.objects = this.objects.filter((object) => !this.is(kind, name, namespace)(object));
    return Promise.resolve(true);
  };

  private is(kind: string, name: string, namespace?: string) {
    return (one: LiveObject) =>
      one.kind === kind && one.metadata?.name === name && one.metadata.namespace === namespace;
  }
}

function definition(name: string, release = "istio-base", namespace = "istio-system"): LiveObject {
  const [plural = "", ...group] = name.split(".");
  return {
    kind: "CustomResourceDefinition",
    metadata: {
      name,
      annotations: { "meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace },
    },
    spec: { group: group.join("."), names: { kind: plural }, versions: [{ name: "v1", served: true }] },
  };
}

const rootCertificate = (namespace: string, certificate: string): LiveObject => ({
  kind: "ConfigMap",
  metadata: { name: "istio-ca-root-cert", namespace },
  data: { "root-cert.pem": certificate },
});

const ours: Leavings = {
  releases: [{ name: "istio-base", namespace: "istio-system" }],
  rootCertificates: ["our root"],
};

const leftBehind = [
  definition("gateways.networking.istio.io"),
  definition("wasmplugins.extensions.istio.io"),
  rootCertificate("default", "our root"),
  { kind: "ConfigMap", metadata: { name: "istio-ca-crl", namespace: "default" } },
];

describe("the sweep", () => {
  it("removes what this stack's Istio leaves behind", async () => {
    const cluster = new FakeCluster([...leftBehind]);
    const { removed, kept } = await sweep(cluster, ours);
    assert.deepEqual(removed, [
      "CustomResourceDefinition gateways.networking.istio.io",
      "CustomResourceDefinition wasmplugins.extensions.istio.io",
      "ConfigMap default/istio-ca-root-cert",
      "ConfigMap default/istio-ca-crl",
    ]);
    assert.deepEqual(kept, []);
  });

  it("touches nothing of another release, another namespace's, or another root", async () => {
    const others = [
      definition("gateways.networking.istio.io", "istio-base", "team-mesh"),
      definition("sidecars.networking.istio.io", "their-base"),
      { ...definition("telemetries.telemetry.istio.io"), metadata: { name: "telemetries.telemetry.istio.io" } },
      definition("certificates.cert-manager.io"),
      rootCertificate("default", "their root"),
      { kind: "ConfigMap", metadata: { name: "istio-ca-crl", namespace: "default" } },
      { kind: "ConfigMap", metadata: { name: "settings", namespace: "default" } },
    ];
    const cluster = new FakeCluster(others);
    assert.deepEqual(await sweep(cluster, ours), { removed: [], kept: [] });
    assert.deepEqual(cluster.deleted, []);
  });

  it("removes nothing if nothing of the stack was there", async () => {
    const cluster = new FakeCluster([...leftBehind]);
    await sweep(cluster, { releases: [], rootCertificates: [] });
    assert.deepEqual(cluster.deleted, []);
  });

  const another: [string, LiveObject, RegExp][] = [
    [
      "an istiod",
      { kind: "Deployment", metadata: { name: "istiod", namespace: "mesh", labels: { app: "istiod" } } },
      /another istiod runs in this cluster \(mesh\/istiod\)/,
    ],
    [
      "the injector's webhook of an istiod outside",
      {
        kind: "MutatingWebhookConfiguration",
        metadata: { name: "istio-external" },
        webhooks: [{ name: "namespace.sidecar-injector.istio.io" }],
      } as LiveObject,
      /MutatingWebhookConfiguration istio-external is of another istiod/,
    ],
    [
      "a single object of one of Istio's types",
      { kind: "gateways", metadata: { name: "shop", namespace: "team" } },
      /gateways team\/shop is not of this stack/,
    ],
  ];
  for (const [title, object, why] of another) {
    it(`removes nothing at all beside ${title}`, async () => {
      const cluster = new FakeCluster([...leftBehind, object]);
      const { removed, kept } = await sweep(cluster, ours);
      assert.deepEqual([removed, cluster.deleted], [[], []]);
      assert.match(kept.join("\n"), why);
    });
  }

  it("knows by the state, before the removal, what will be left behind", async () => {
    const release = (name: string, chart: string) => ({
      ...{ urn: `urn:${name}`, type: "kubernetes:helm.sh/v3:Release" },
      inputs: { name, namespace: "istio-system", chart },
    });
    const state: ExportedStack = {
      version: 3,
      deployment: { resources: [release("istio-base", "/charts/base"), release("istiod", "/charts/istio-discovery")] },
    };
    const cluster = new FakeCluster([rootCertificate("istio-system", "our root")]);
    assert.deepEqual(await ownLeavings(cluster, state), ours);
    assert.deepEqual(await ownLeavings(cluster, { version: 3, deployment: null }), {
      releases: [],
      rootCertificates: [],
    });
  });
});
