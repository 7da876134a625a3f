import assert from "node:assert/strict";
import type { DeclaredResource } from "./declare";
import { foreignObjects, refusalOf } from "./foreign";
import type { Entry } from "./inventory";
import { entryKey } from "./inventory";
import type { KubeClient, LiveObject, ObjectRef } from "../../cluster/kubeClient";

const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "demo" } };
const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", namespace: "demo" } };
const clusterRole = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "reader" } };

const declared: DeclaredResource[] = [
  { type: "pulumi:providers:kubernetes", name: "cluster", props: { context: "kind-kind" } },
  { type: "random:index/randomPassword:RandomPassword", name: "password", props: { length: 20 } },
  { type: "kubernetes:core/v1:Namespace", name: "demo", props: namespace },
  { type: "kubernetes:core/v1:ConfigMap", name: "settings", props: configMap },
  { type: "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", name: "reader", props: clusterRole },
  { type: "kubernetes:helm.sh/v3:Release", name: "app", props: { name: "app", namespace: "demo", chart: "app" } },
];

/** The object as a cluster has it. */
function madeBy(manager: string, object: LiveObject): LiveObject {
  return { ...object, metadata: { ...object.metadata, managedFields: [{ manager }] } };
}

const releaseRecord: LiveObject = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "sh.helm.release.v1.app.v1", namespace: "demo", labels: { owner: "helm", name: "app" } },
};

async function found(live: readonly LiveObject[], inventory: readonly Entry[] = []) {
  const asked: string[] = [];
  const client = {
    get: ({ kind, name }: ObjectRef) => {
      asked.push(`${kind} ${name}`);
      return Promise.resolve(live.find((object) => object.kind === kind && object.metadata?.name === name));
    },
    list: (_version: string, kind: string) => {
      asked.push(`${kind}s`);
      return Promise.resolve(live.filter((object) => object.kind === kind));
    },
  };
  const find = (entry: Entry) => inventory.find((known) => entryKey(known) === entryKey(entry));
  return { foreign: await foreignObjects(client as unknown as KubeClient, { find }, declared), asked };
}

describe("what the cluster has already of what is declared", () => {
  it("is nothing in an empty cluster, and nothing is looked for in a namespace that is not there", async () => {
    assert.deepEqual(await found([]), { foreign: [], asked: ["Namespace demo", "ClusterRole reader"] });
  });

  it("is told with who made it: objects and releases", async () => {
    const live = [madeBy("kubectl-create", namespace), madeBy("helm", configMap), clusterRole, releaseRecord];
    assert.deepEqual((await found(live)).foreign, [
      { title: "Namespace demo", maker: "kubectl-create" },
      { title: "ConfigMap demo/settings", maker: "helm" },
      { title: "ClusterRole reader", maker: undefined },
      { title: "Helm release demo/app", maker: "Helm" },
    ]);
  });

  it("is ours if the inventory has it, whoever wrote to it last", async () => {
    const refs: ObjectRef[] = [namespace, configMap, clusterRole].map(({ apiVersion, kind, metadata }) => ({
      apiVersion,
      kind,
      ...metadata,
    }));
    const inventory: Entry[] = [
      ...refs.map((ref): Entry => ({ resource: "any", kind: "object", ref })),
      {
        resource: "app",
        kind: "release",
        ref: { apiVersion: "helm.sh/v3", kind: "Release", name: "app", namespace: "demo" },
      },
    ];
    const live = [madeBy("kubectl-edit", namespace), madeBy("kubectl-edit", configMap), clusterRole, releaseRecord];
    assert.deepEqual(await found(live, inventory), { foreign: [], asked: [] });
  });

  it("is ours if our client applied it, should the inventory be lost; and so are releases in our namespace", async () => {
    const live = [namespace, configMap, clusterRole].map((object) => madeBy("sidecar-mesh", object));
    assert.deepEqual((await found([...live, releaseRecord])).foreign, []);
  });

  it("does not count what is being deleted", async () => {
    const going = { ...namespace, metadata: { ...namespace.metadata, deletionTimestamp: new Date() } };
    assert.deepEqual((await found([going])).foreign, []);
  });
});

describe("the refusal", () => {
  it("is none without anything foreign", () => {
    assert.equal(refusalOf([]), undefined);
  });

  it("names the objects, who made them, and the key to change", () => {
    assert.equal(
      refusalOf([{ title: "Namespace demo", maker: "kubectl-create" }, { title: "ClusterRole reader" }]),
      "the cluster has what this stack declares, and not of this stack; nothing was changed\n" +
        "  Namespace demo: made by kubectl-create\n  ClusterRole reader\n" +
        "  remove it with what made it; or, for the services' namespace, choose another with the key namespace",
    );
  });

  it("tells a stack of the Pulumi CLI, and names no more than its first objects", () => {
    const stack = Array.from({ length: 10 }, (_, i) => ({ title: `ConfigMap demo/${i}`, maker: "pulumi-kubernetes" }));
    const lines = refusalOf(stack)!.split("\n");
    assert.equal(lines.length, 11);
    assert.equal(lines[9], "  and 2 more");
    assert.match(lines[10]!, /npm run down -- --engine cli/);
  });
});
