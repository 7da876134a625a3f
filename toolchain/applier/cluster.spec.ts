import assert from "node:assert/strict";
import { Cluster } from "./cluster";
import type { Helm, ReleaseInputs } from "./helm";
import { Inventory, inventoryRef } from "./inventory";
import type { KubeClient, LiveObject, ObjectRef } from "../../cluster/kubeClient";
import { ApplyingEngine } from "./mocks";
import { Progress } from "./progress";

/** An API server in memory, as far as the applier uses one. */
class FakeApi {
  readonly objects = new Map<string, LiveObject>();
  /** What was deleted, in order. */
  readonly deleted: string[] = [];
  private version = 0;

  private key = ({ kind, namespace, name }: ObjectRef) => [kind, namespace ?? "", name].join("/");

  get = (ref: ObjectRef) => Promise.resolve(this.objects.get(this.key(ref)));

  list = (_apiVersion: string, kind: string) =>
    Promise.resolve([...this.objects.values()].filter((object) => object.kind === kind));

  apply = (object: LiveObject) => {
    const { kind = "", metadata } = object;
    const key = this.key({ apiVersion: "", kind, name: metadata?.name ?? "", namespace: metadata?.namespace });
    const before = this.objects.get(key);
    const same =
      before &&
      JSON.stringify({ ...before, metadata: strip(before) }) === JSON.stringify({ ...object, metadata: strip(object) });
    const live = same ? before : { ...object, metadata: { ...metadata, resourceVersion: String(++this.version) } };
    this.objects.set(key, live);
    return Promise.resolve(live);
  };

  delete = (ref: ObjectRef) => {
    this.deleted.push(this.key(ref));
    return Promise.resolve(this.objects.delete(this.key(ref)));
  };
}

function strip(object: LiveObject) {
  const { resourceVersion: _, ...metadata } = object.metadata ?? {};
  return metadata;
}

/** Helm that counts what it is asked to do. */
class FakeHelm {
  readonly upgrades: string[] = [];
  readonly uninstalls: string[] = [];
  broken = false;

  digest = ({ name, values }: ReleaseInputs) => Promise.resolve(JSON.stringify([name, values]));
  status = (name: string) => Promise.resolve(this.upgrades.includes(name) ? "deployed" : undefined);
  upgrade = ({ name }: ReleaseInputs) => {
    if (this.broken) {
      return Promise.reject(new Error("no such chart"));
    }
    this.upgrades.push(name);
    return Promise.resolve();
  };
  uninstall = (name: string) => {
    this.uninstalls.push(name);
    return Promise.resolve();
  };
}

const configMap = (name: string, value = "1") => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "demo" },
  data: { value },
});
const release: ReleaseInputs = { name: "istiod", namespace: "istio-system", chart: "istiod", values: { a: 1 } };

describe("applier", () => {
  let api: FakeApi;
  let helm: FakeHelm;
  let progress: Progress;

  /** A new run against the same cluster. */
  const run = async () => {
    const client = api as unknown as KubeClient;
    progress = new Progress(() => undefined);
    return new Cluster(client, helm as unknown as Helm, await Inventory.load(client), progress);
  };
  beforeEach(() => {
    api = new FakeApi();
    helm = new FakeHelm();
  });

  it("creates, leaves alone, updates, and counts each", async () => {
    await (await run()).applyObject("a", "t", configMap("a"));
    assert.equal(progress.counts.created, 1);
    await (await run()).applyObject("a", "t", configMap("a"));
    assert.equal(progress.counts.unchanged, 1);
    await (await run()).applyObject("a", "t", configMap("a", "2"));
    assert.equal(progress.counts.updated, 1);
  });

  it("waits for what is on its way out, and makes it again", async () => {
    const leaving = configMap("a");
    await api.apply({ ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: new Date() } });
    setTimeout(() => void api.delete({ apiVersion: "v1", kind: "ConfigMap", name: "a", namespace: "demo" }), 20);
    await (await run()).applyObject("a", "t", configMap("a"));
    assert.equal(progress.counts.created, 1);
    assert.equal(api.objects.get("ConfigMap/demo/a")?.metadata?.deletionTimestamp, undefined);
  });

  it("upgrades a release only when what it is made from changes", async () => {
    await (await run()).applyRelease("istiod", "t", release);
    await (await run()).applyRelease("istiod", "t", release);
    assert.deepEqual(helm.upgrades, ["istiod"]);
    await (await run()).applyRelease("istiod", "t", { ...release, values: { a: 2 } });
    assert.equal(helm.upgrades.length, 2);
  });

  it("takes an interrupted release up again: it counts as done only when it was", async () => {
    helm.broken = true;
    await assert.rejects((await run()).applyRelease("istiod", "t", release), /no such chart/);
    helm.broken = false;
    await (await run()).applyRelease("istiod", "t", release);
    assert.deepEqual(helm.upgrades, ["istiod"]);
  });

  it("waits for what a release holds, and names what does not become ready", async () => {
    const owned = (name: string) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: {
        name,
        namespace: "istio-system",
        annotations: { "meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": "istio-system" },
      },
    });
    await api.apply(owned("istiod"));
    await api.apply(owned("another"));
    const failing = (await run()).applyRelease("istiod", "t", { ...release, timeout: 0.3 });
    await assert.rejects(failing, /t istiod is not ready after 0.3 s: waits for its controller to see the change/);
    const status = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
    const { metadata, ...rest } = owned("istiod");
    await api.apply({ ...rest, metadata: { ...metadata, generation: 1 }, status });
    await (await run()).applyRelease("istiod", "t", release);
    assert.deepEqual(helm.upgrades, ["istiod", "istiod"]);
  });

  it("knows of an object before the API server does, so that an interruption loses none", async () => {
    const cluster = await run();
    api.apply = (object) => (object.kind === "Secret" ? save(api, object) : Promise.reject(new Error("gone")));
    await assert.rejects(cluster.applyObject("a", "t", configMap("a")));
    const { entries } = (await run()).inventory;
    assert.deepEqual(
      entries.map(({ ref }) => ref.name),
      ["a"],
    );
  });

  it("removes a subset only when the pods that came after it are gone: requests may still be on their way", async () => {
    const named = (kind: string) => ({ apiVersion: "v1", kind, metadata: { name: "user-v2", namespace: "demo" } });
    const first = await run();
    await first.applyObject("subset", "t", named("DestinationRule"));
    await first.applyObject("pods", "t", named("Pod"));
    const { delete: remove } = api;
    api.delete = async (ref) => {
      if (ref.kind === "Pod") {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return remove(ref);
    };
    await first.remove(first.inventory.entries);
    assert.deepEqual(api.deleted, ["Pod/demo/user-v2", "DestinationRule/demo/user-v2"]);
  });

  it("removes what the program no longer declares, and forgets it", async () => {
    const first = await run();
    await first.applyObject("a", "t", configMap("a"));
    await first.applyObject("b", "t", configMap("b"));
    const second = await run();
    await second.applyObject("a", "t", configMap("a"));
    await second.remove(second.inventory.unseen);
    assert.deepEqual(api.deleted, ["ConfigMap/demo/b"]);
    assert.deepEqual(
      (await run()).inventory.entries.map(({ resource }) => resource),
      ["a"],
    );
  });

  it("tells the inventory of many removals at once, and of all of them in the end", async () => {
    const cluster = await run();
    for (let i = 0; i < 100; i++) {
      await cluster.applyObject(`r${i}`, "t", configMap(`c${i}`));
    }
    const { apply } = api;
    let writes = 0;
    api.apply = (object) => {
      writes += object.metadata?.name === inventoryRef.name ? 1 : 0;
      return apply(object);
    };
    await cluster.remove(cluster.inventory.entries.slice(1));
    assert.ok(writes <= 2, `${writes} writes`);
    assert.deepEqual(
      (await run()).inventory.entries.map(({ resource }) => resource),
      ["r0"],
    );
  });

  it("removes in reverse order, and a namespace only when what is in it is gone", async () => {
    const cluster = await run();
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "demo" }, status: { phase: "Active" } };
    await cluster.applyObject("ns", "t", namespace);
    await cluster.applyRelease("istiod", "t", release);
    await cluster.applyObject("a", "t", configMap("a"));
    await cluster.applyObject("b", "t", configMap("b"));
    await cluster.remove(cluster.inventory.entries);
    assert.deepEqual(api.deleted, ["ConfigMap/demo/b", "ConfigMap/demo/a", "Namespace//demo"]);
    assert.deepEqual(helm.uninstalls, ["istiod"]);
    assert.equal(cluster.inventory.entries.length, 0);
  });

  it("removes namespaces side by side, and nothing that was made before them until they are gone", async () => {
    const cluster = await run();
    const namespace = (name: string) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name },
      status: { phase: "Active" },
    });
    await cluster.applyObject("before", "t", configMap("before"));
    await cluster.applyObject("slow", "t", namespace("slow"));
    await cluster.applyObject("slower", "t", namespace("slower"));
    const { delete: remove } = api;
    let atOnce = 0;
    let most = 0;
    api.delete = async (ref) => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, ref.name === "slower" ? 20 : 10));
      atOnce--;
      return remove(ref);
    };
    await cluster.remove(cluster.inventory.entries);
    assert.equal(most, 2);
    assert.deepEqual(api.deleted, ["Namespace//slow", "Namespace//slower", "ConfigMap/demo/before"]);
  });

  it("removes by what depends on what now, not by what was there first", async () => {
    const first = await run();
    await first.applyRelease("old", "t", { ...release, name: "istiod" });
    await first.applyObject("route", "t", configMap("route"));
    await first.inventory.settle();
    // Another control plane takes the first one's place, so that the route depends on it.
    const second = await run();
    await second.applyRelease("new", "t", { ...release, name: "istiod-next" });
    await second.applyObject("route", "t", configMap("route"));
    await second.remove(second.inventory.unseen);
    await second.inventory.settle();
    const order = (await run()).inventory.entries.map(({ resource }) => resource);
    assert.deepEqual(order, ["new", "route"]);
    // A run that changes nothing writes nothing.
    const before = (await api.get(inventoryRef))?.metadata?.resourceVersion;
    const third = await run();
    await third.applyRelease("new", "t", { ...release, name: "istiod-next" });
    await third.applyObject("route", "t", configMap("route"));
    await third.inventory.settle();
    assert.equal((await api.get(inventoryRef))?.metadata?.resourceVersion, before);
  });

  it("generates a value once and keeps it", async () => {
    const args = {
      type: "random:index/randomPassword:RandomPassword",
      name: "admin",
      inputs: { length: 20 },
      custom: true,
    };
    const first = await new ApplyingEngine(await run()).newResource(args);
    const second = await new ApplyingEngine(await run()).newResource(args);
    assert.equal((first.state.result as string).length, 20);
    assert.equal(second.state.result, first.state.result);
    assert.ok(await api.get(inventoryRef));
  });

  it("names the resource that failed, and refuses what only the CLI can do", async () => {
    const engine = new ApplyingEngine(await run());
    const newResource = (type: string, inputs: unknown) =>
      engine.newResource({ type, name: "x", inputs, custom: true });
    await assert.rejects(
      newResource("kubernetes:core/v1:ConfigMap", { apiVersion: "v1", kind: "ConfigMap" }),
      /ConfigMap x: ConfigMap has no metadata.name/,
    );
    await assert.rejects(newResource("random:index/randomPet:RandomPet", {}), /use one of .*RandomPassword/);
    await assert.rejects(newResource("aws:s3:Bucket", {}), /use the Pulumi CLI/);
    assert.match(engine.failure!.message, /ConfigMap x/);
    assert.throws(() => engine.call({ token: "a:b:c", inputs: {} }), /use the Pulumi CLI/);
  });

  it("reads what somebody else made", async () => {
    await api.apply({ apiVersion: "v1", kind: "Node", metadata: { name: "n1" }, status: { ok: true } });
    const engine = new ApplyingEngine(await run());
    const { state } = await engine.newResource({
      type: "kubernetes:core/v1:Node",
      name: "node",
      inputs: {},
      custom: true,
      id: "n1",
    });
    assert.deepEqual(state.status, { ok: true });
    await assert.rejects(
      engine.newResource({ type: "kubernetes:core/v1:Node", name: "node", inputs: {}, custom: true, id: "n2" }),
      /Node n2 does not exist/,
    );
  });
});

function save(api: FakeApi, object: LiveObject): Promise<LiveObject> {
  api.objects.set(`Secret/${object.metadata?.namespace}/${object.metadata?.name}`, object);
  return Promise.resolve(object);
}
