import assert from "node:assert/strict";
import type { LiveObject, ObjectRef } from "../../cluster/kubeClient";
import type { StateResource } from "../pulumi/events";
import type { ExportedStack } from "../pulumi/stack";
import { ownLeavings, sweep, type Leavings } from "./sweep";

/** A cluster whose objects can be listed, read and deleted, by version and kind. */
class FakeCluster {
  readonly deleted: string[] = [];

  /** @param lasting How often an object is still there after its deletion. */
  constructor(
    private objects: LiveObject[],
    private lasting = 0,
  ) {}

  list = (apiVersion: string, kind: string) =>
    Promise.resolve(this.objects.filter((one) => one.apiVersion === apiVersion && one.kind === kind));
  get = (ref: ObjectRef) => {
    const title = titleOf(ref);
    if (this.deleted.includes(title) && this.lasting-- <= 0) {
      this.objects = this.objects.filter((one) => !is(one, ref));
    }
    return Promise.resolve(this.objects.find((one) => is(one, ref)));
  };
  delete = (ref: ObjectRef) => {
    const found = this.objects.find((one) => is(one, ref));
    assert.ok(found, `there is no ${ref.apiVersion} ${titleOf(ref)}`);
    this.deleted.push(titleOf(ref));
    return Promise.resolve(true);
  };
}

function titleOf({ kind, name, namespace }: ObjectRef): string {
  return `${kind} ${namespace ? `${namespace}/` : ""}${name}`;
}

function is(one: LiveObject, { apiVersion, kind, name, namespace }: ObjectRef): boolean {
  const { metadata } = one;
  return (
    one.apiVersion === apiVersion && one.kind === kind && metadata?.name === name && metadata.namespace === namespace
  );
}

function definition(name: string, release = "istio-base", namespace = "istio-system"): LiveObject {
  const [plural = "", ...group] = name.split(".");
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name,
      annotations: { "meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace },
    },
    spec: {
      group: group.join("."),
      names: { kind: plural },
      versions: [
        { name: "v1alpha1", served: false },
        { name: "v1", served: true },
      ],
    },
  };
}

function configMap(namespace: string, name: string, certificate?: string): LiveObject {
  const data = certificate === undefined ? undefined : { "root-cert.pem": certificate };
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, ...(data && { data }) };
}

const rootCertificate = (namespace: string, certificate?: string) =>
  configMap(namespace, "istio-ca-root-cert", certificate);

function deployment(name: string, namespace: string, labels?: Record<string, string>): LiveObject {
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace, ...(labels && { labels }) } };
}

function webhooks(name: string, ...hooks: string[]): LiveObject {
  const kind = "MutatingWebhookConfiguration";
  const configuration = { apiVersion: "admissionregistration.k8s.io/v1", kind, metadata: { name } };
  return { ...configuration, webhooks: hooks.map((hook) => ({ name: hook })) } as LiveObject;
}

const ours: Leavings = {
  releases: [{ name: "istio-base", namespace: "istio-system" }],
  rootCertificates: ["our root"],
};

const leftBehind = [
  definition("gateways.networking.istio.io"),
  definition("wasmplugins.extensions.istio.io"),
  rootCertificate("default", "our root"),
  configMap("default", "istio-ca-crl"),
];

/** What is in many clusters, and has nothing to do with a mesh. */
const besides = [
  deployment("shop", "team", { app: "shop" }),
  deployment("bare", "team"),
  webhooks("cert-manager", "webhook.cert-manager.io"),
  { apiVersion: "admissionregistration.k8s.io/v1", kind: "MutatingWebhookConfiguration", metadata: { name: "empty" } },
];

describe("the sweep", () => {
  it("removes what this stack's Istio leaves behind", async () => {
    const cluster = new FakeCluster([...leftBehind, ...besides], 2);
    const { removed, kept } = await sweep(cluster, ours);
    assert.deepEqual(removed, [
      "CustomResourceDefinition gateways.networking.istio.io",
      "CustomResourceDefinition wasmplugins.extensions.istio.io",
      "ConfigMap default/istio-ca-root-cert",
      "ConfigMap default/istio-ca-crl",
    ]);
    assert.deepEqual(kept, []);
  });

  const gatewayApi = "gateway.networking.k8s.io";
  const ofGatewayApi = (kind: string, name: string, namespace?: string): LiveObject => ({
    apiVersion: `${gatewayApi}/v1`,
    kind,
    metadata: { name, namespace },
  });
  const ofIstiod = {
    ...ofGatewayApi("GatewayClass", "istio"),
    spec: { controllerName: "istio.io/gateway-controller" },
  };
  const routeDefinitions = [
    definition(`gatewayclasses.${gatewayApi}`, "gateway-api"),
    definition(`httproutes.${gatewayApi}`, "gateway-api"),
    ofIstiod,
  ].map((one) => {
    const spec = one.spec as { names?: { kind: string } } | undefined;
    const kinds: Record<string, string> = { gatewayclasses: "GatewayClass", httproutes: "HTTPRoute" };
    return spec?.names ? { ...one, spec: { ...spec, names: { kind: kinds[spec.names.kind]! } } } : one;
  });

  it("removes the Gateway API's definitions that it brought, and istiod's GatewayClasses", async () => {
    const theirs = definition(`grpcroutes.${gatewayApi}`, "another");
    const cluster = new FakeCluster([...routeDefinitions, theirs]);
    const { removed, kept } = await sweep(cluster, ours);
    assert.deepEqual(removed, [
      "GatewayClass istio",
      `CustomResourceDefinition gatewayclasses.${gatewayApi}`,
      `CustomResourceDefinition httproutes.${gatewayApi}`,
    ]);
    assert.deepEqual(kept, []);
  });

  const users: [LiveObject, string][] = [
    [ofGatewayApi("HTTPRoute", "shop", "team"), "HTTPRoute team/shop"],
    [ofGatewayApi("HTTPRoute", "istio", "team"), "HTTPRoute team/istio"],
    [ofGatewayApi("GatewayClass", "envoy"), "GatewayClass envoy"],
  ];
  for (const [object, title] of users) {
    it(`keeps the Gateway API's definitions where others use them: ${title}`, async () => {
      const cluster = new FakeCluster([...routeDefinitions, object]);
      const { removed, kept } = await sweep(cluster, ours);
      assert.deepEqual([removed, cluster.deleted], [["GatewayClass istio"], ["GatewayClass istio"]]);
      assert.deepEqual(kept, [`the Gateway API's resource definitions: ${title} is not of this stack`]);
    });
  }

  it("keeps a GatewayClass that another controller has, or that a Gateway names", async () => {
    const theirs = { ...ofIstiod, spec: { controllerName: "example.com/notistio.io/x" } };
    const gateway = { ...ofGatewayApi("Gateway", "shop", "team"), spec: { gatewayClassName: "istio" } };
    for (const objects of [[theirs], [ofGatewayApi("GatewayClass", "istio")], [ofIstiod, gateway]]) {
      const cluster = new FakeCluster(objects);
      assert.deepEqual([await sweep(cluster, ours), cluster.deleted], [{ removed: [], kept: [] }, []]);
    }
  });

  it("touches nothing of another release, another namespace's, or another root", async () => {
    const others = [
      definition("gateways.networking.istio.io", "istio-base", "team-mesh"),
      definition("sidecars.networking.istio.io", "their-base"),
      { ...definition("telemetries.telemetry.istio.io"), metadata: { name: "telemetries.telemetry.istio.io" } },
      { ...definition("proxyconfigs.networking.istio.io"), metadata: undefined },
      definition("certificates.cert-manager.io"),
      definition("gateways.istio.io.example.com"),
      rootCertificate("default", "their root"),
      configMap("default", "istio-ca-crl"),
      // A copy of our root certificate, under another name, makes the namespace's own no one of ours.
      configMap("default", "settings", "our root"),
      rootCertificate("empty"),
    ];
    const cluster = new FakeCluster(others);
    assert.deepEqual(await sweep(cluster, ours), { removed: [], kept: [] });
    assert.deepEqual(cluster.deleted, []);
  });

  it("knows by one of several releases what is ours", async () => {
    const releases = [{ name: "other-base", namespace: "elsewhere" }, ...ours.releases];
    const { removed } = await sweep(new FakeCluster([...leftBehind]), { ...ours, releases });
    assert.equal(removed.length, leftBehind.length);
  });

  it("removes nothing, and looks at nothing, if no release of the stack was there", async () => {
    const cluster = new FakeCluster([...leftBehind, deployment("istiod", "mesh", { app: "istiod" })]);
    assert.deepEqual(await sweep(cluster, { ...ours, releases: [] }), { removed: [], kept: [] });
    assert.deepEqual(cluster.deleted, []);
  });

  it("says of a definition whose deletion does not end that it stays", async () => {
    const cluster = new FakeCluster([definition("gateways.networking.istio.io")], Infinity);
    const title = "CustomResourceDefinition gateways.networking.istio.io";
    assert.deepEqual(await sweep(cluster, ours, 50), {
      removed: [],
      kept: [`${title}: its deletion does not end; see its finalizers and status`],
    });
  });

  const another: [string, LiveObject, RegExp][] = [
    [
      "an istiod",
      deployment("istiod", "mesh", { app: "istiod" }),
      /^Istio's resource definitions: another istiod runs in this cluster \(mesh\/istiod\)$/,
    ],
    [
      "the injector's webhook of an istiod outside",
      webhooks("istio-external", "validation.example.com", "namespace.sidecar-injector.istio.io"),
      /: MutatingWebhookConfiguration istio-external is of another istiod$/,
    ],
    [
      "a single object of one of Istio's types",
      { apiVersion: "networking.istio.io/v1", kind: "gateways", metadata: { name: "shop", namespace: "team" } },
      /: gateways team\/shop is not of this stack$/,
    ],
    [
      "a single object without a namespace",
      { apiVersion: "extensions.istio.io/v1", kind: "wasmplugins", metadata: { name: "shop" } },
      /: wasmplugins shop is not of this stack$/,
    ],
  ];
  for (const [title, object, why] of another) {
    it(`removes nothing at all beside ${title}`, async () => {
      const cluster = new FakeCluster([...leftBehind, ...besides, object]);
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
    const stateOf = (...resources: StateResource[]): ExportedStack => ({ version: 3, deployment: { resources } });
    const cluster = new FakeCluster([
      rootCertificate("istio-system", "our root"),
      rootCertificate("mesh", "our root"),
      rootCertificate("bare"),
    ]);
    const istiod = release("istiod", "/charts/istio-discovery");
    const bare = { urn: "urn:account", type: "kubernetes:core/v1:ServiceAccount" };
    assert.deepEqual(await ownLeavings(cluster, stateOf(release("istio-base", "/charts/base"), istiod, bare)), ours);
    const inputs = { name: "mesh-base", namespace: "mesh", chart: "istio-base" };
    const mesh = { name: "mesh-base", namespace: "mesh" };
    assert.deepEqual(
      await ownLeavings(cluster, stateOf(release("istio-base", "base"), { ...release("", ""), inputs })),
      { releases: [...ours.releases, mesh], rootCertificates: ["our root"] },
    );
    const nothing = { releases: [], rootCertificates: [] };
    assert.deepEqual(await ownLeavings(cluster, stateOf(istiod)), nothing);
    assert.deepEqual(await ownLeavings(cluster, { version: 3, deployment: null }), nothing);
    for (const namespace of ["bare", "gone"]) {
      const alone = { ...release("", ""), inputs: { ...inputs, namespace } };
      assert.deepEqual((await ownLeavings(cluster, stateOf(alone))).rootCertificates, []);
    }
  });
});
