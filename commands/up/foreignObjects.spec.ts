import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { LiveObject, ObjectRef } from "../../cluster/kubeClient";
import { foreignObjects, importFile, refusalOf, refuseForeign } from "./foreignObjects";
import type { StateResource, Step } from "../pulumi/events";
import { userFolder } from "../session/userFolder";

const urnOf = (type: string, name: string) => `urn:pulumi:dev::sidecar-mesh::${type}::${name}`;
const component = urnOf("sidecar-mesh:index:MeshNamespace", "mesh");
const provider = `${urnOf("pulumi:providers:kubernetes", "cluster")}::04da6b54`;

function resource(kind: string, name: string, namespace?: string): StateResource {
  const type = `kubernetes:core/v1:${kind}`;
  const inputs = { apiVersion: "v1", kind, metadata: { name, ...(namespace && { namespace }) } };
  return { urn: urnOf(type, `mesh-${name}`), type, custom: true, parent: component, provider, inputs };
}

function release(name: string, namespace: string): StateResource {
  const type = "kubernetes:helm.sh/v3:Release";
  return { urn: urnOf(type, name), type, custom: true, provider, inputs: { name, namespace } };
}

function step(op: string, state: StateResource, old: StateResource | null = null): Step {
  return { op, urn: state.urn, type: state.type, old, new: state };
}

const stackUrn = "urn:pulumi:dev::sidecar-mesh::pulumi:pulumi:Stack::sidecar-mesh-dev";
const meshComponent: Step = step("create", {
  ...{ urn: component, type: "sidecar-mesh:index:MeshNamespace", custom: false },
  parent: stackUrn,
});

/** A cluster with these objects, by `Kind name` or `Kind namespace/name`, which counts what it is asked. */
class FakeCluster {
  readonly asked: string[] = [];

  constructor(
    private readonly objects: Record<string, LiveObject>,
    private readonly helmReleases: string[] = [],
  ) {}

  get = ({ kind, namespace, name }: ObjectRef) => {
    const title = `${kind} ${namespace ? `${namespace}/` : ""}${name}`;
    this.asked.push(title);
    return Promise.resolve(this.objects[title]);
  };
  list = (_: string, kind: string, namespace?: string) =>
    Promise.resolve(
      kind === "Secret"
        ? this.helmReleases
            .filter((one) => one.startsWith(`${namespace}/`))
            .map((one) => ({ metadata: { labels: { owner: "helm", name: one.split("/")[1]!, version: "1" } } }))
        : [],
    );
  delete = () => Promise.reject(new Error("nothing is deleted"));
}

const made: LiveObject = { metadata: { managedFields: [{ manager: "kubectl-create" }] } };

describe("objects that a stack would make and did not make", () => {
  it("are found among what a preview creates, with their maker", async () => {
    const steps = [step("create", resource("Namespace", "demo")), step("create", resource("Service", "a", "demo"))];
    const found = await foreignObjects(new FakeCluster({ "Namespace demo": made, "Service demo/a": made }), { steps });
    assert.deepEqual(
      found.map(({ title, id, maker }) => [title, id, maker]),
      [
        ["Namespace demo", "demo", "kubectl-create"],
        ["Service demo/a", "demo/a", "kubectl-create"],
      ],
    );
  });

  it("are none of what the state has, under whatever version of its type, nor what is on its way out", async () => {
    const kept = resource("Service", "a", "demo");
    const replaced = resource("Service", "b", "demo");
    const steps = [
      step("same", kept, kept),
      step("create", { ...kept, urn: `${kept.urn}-by-another-name` }),
      step("create-replacement", replaced, replaced),
      step("create", resource("Namespace", "going")),
    ];
    const going = { metadata: { deletionTimestamp: new Date() } };
    const cluster = new FakeCluster({ "Service demo/a": made, "Service demo/b": made, "Namespace going": going });
    assert.deepEqual(await foreignObjects(cluster, { steps }), []);
  });

  it("are not looked for in a namespace that is to be made and is not there", async () => {
    const cluster = new FakeCluster({});
    const steps = [step("create", resource("Namespace", "demo")), step("create", resource("Service", "a", "demo"))];
    assert.deepEqual(await foreignObjects(cluster, { steps }), []);
    assert.deepEqual(cluster.asked, ["Namespace demo"]);
  });

  it("are not what a preview only reads, changes or deletes, but are what a replacement would newly take", async () => {
    const [kept, other] = [resource("Service", "a", "demo"), resource("Service", "b", "demo")];
    const cluster = () => new FakeCluster({ "Service demo/a": made, "Service demo/b": made });
    for (const op of ["read", "update", "import", "delete"]) {
      assert.deepEqual(await foreignObjects(cluster(), { steps: [step(op, kept)] }), [], op);
    }
    const replaced = step("create-replacement", other, kept);
    const found = await foreignObjects(cluster(), { steps: [replaced, { ...replaced, new: null }] });
    assert.deepEqual(
      found.map(({ title }) => title),
      ["Service demo/b"],
    );
  });

  it("are not what stays when the stack goes, such as a claim with data of an earlier time", async () => {
    const claim = resource("PersistentVolumeClaim", "data", "demo");
    const cluster = () => new FakeCluster({ "PersistentVolumeClaim demo/data": made });
    const found = async (state: StateResource) => foreignObjects(cluster(), { steps: [step("create", state)] });
    assert.equal((await found(claim)).length, 1);
    assert.deepEqual(await found({ ...claim, retainOnDelete: true }), []);
  });

  it("can be in no namespace, and of a maker that is not known", async () => {
    const steps = [step("create", resource("ClusterRole", "mesh"))];
    for (const live of [{}, { metadata: {} }, { metadata: { managedFields: [] } }]) {
      const [found] = await foreignObjects(new FakeCluster({ "ClusterRole mesh": live }), { steps });
      assert.deepEqual([found?.title, found?.id, found?.maker], ["ClusterRole mesh", "mesh", undefined]);
    }
  });

  it("can be Helm releases", async () => {
    const steps = [
      step("create", release("istiod", "istio-system")),
      step("create", release("istio-base", "istio-system")),
    ];
    const found = await foreignObjects(new FakeCluster({}, ["istio-system/istiod"]), { steps });
    assert.deepEqual(
      found.map(({ title, id }) => [title, id]),
      [["Helm release istio-system/istiod", "istio-system/istiod"]],
    );
    const known = release("istiod", "istio-system");
    const renamed = step("create", { ...known, urn: `${known.urn}-by-another-name` });
    const ofState = new FakeCluster({}, ["istio-system/istiod"]);
    assert.deepEqual(await foreignObjects(ofState, { steps: [step("same", known, known), renamed] }), []);
  });

  it("can be imported: with the components and the provider that they need and the stack has not", async () => {
    const providerStep: Step = step("create", {
      ...{ urn: urnOf("pulumi:providers:kubernetes", "cluster"), type: "pulumi:providers:kubernetes", custom: true },
      inputs: { context: "kind-a", kubeconfig: "[secret]", __internal: {} },
    });
    const steps = [providerStep, meshComponent, step("create", resource("Namespace", "demo"))];
    const found = await foreignObjects(new FakeCluster({ "Namespace demo": made }), { steps });
    assert.deepEqual(importFile(found, { steps }), {
      nameTable: {},
      resources: [
        { type: "sidecar-mesh:index:MeshNamespace", name: "mesh", component: true },
        { type: "pulumi:providers:kubernetes", name: "cluster", inputs: { context: "kind-a" } },
        { type: "kubernetes:core/v1:Namespace", name: "mesh-demo", id: "demo", parent: "mesh", provider: "cluster" },
      ],
    });
  });

  it("are imported below what the stack has, and under names of their own where two have the same", async () => {
    const twin = { ...resource("Service", "demo", "demo"), urn: urnOf("kubernetes:core/v1:Service", "mesh-demo") };
    const there = step("same", { urn: component, type: "sidecar-mesh:index:MeshNamespace", custom: false });
    const steps = [there, step("create", resource("Namespace", "demo")), step("create", twin)];
    const cluster = new FakeCluster({ "Namespace demo": made, "Service demo/demo": made });
    const { nameTable, resources } = importFile(await foreignObjects(cluster, { steps }), { steps });
    assert.deepEqual(nameTable, { mesh: component, cluster: urnOf("pulumi:providers:kubernetes", "cluster") });
    assert.deepEqual(
      resources.map(({ name, logicalName }) => [name, logicalName]),
      [
        ["mesh-demo", undefined],
        ["mesh-demo-2", "mesh-demo"],
      ],
    );
  });

  it("are refused, with a file for the import that only the user can read; without any, nothing is", async () => {
    const stack = { name: `spec-${process.pid}`, configFile: "/c.yaml" };
    const steps = [step("create", resource("Namespace", "demo"))];
    const file = join(userFolder, "import", `${stack.name}.json`);
    try {
      await refuseForeign(new FakeCluster({}), { steps }, stack);
      assert.ok(!existsSync(file));
      const refusal = refuseForeign(new FakeCluster({ "Namespace demo": made }), { steps }, stack);
      await assert.rejects(refusal, /nothing was changed\n {2}Namespace demo: made by kubectl-create\n/);
      assert.deepEqual(
        JSON.parse(readFileSync(file, "utf8")),
        importFile(await foreignObjects(new FakeCluster({ "Namespace demo": made }), { steps }), { steps }),
      );
      assert.equal(statSync(file).mode & 0o777, 0o600);
    } finally {
      rmSync(file, { force: true });
    }
  });

  it("are named in the refusal, and what to do about them", () => {
    const one = { resource: resource("Namespace", "demo"), title: "Namespace demo", id: "demo", maker: "kubectl" };
    const text = refusalOf(Array<typeof one>(10).fill(one), { name: "dev", configFile: "/c.yaml" }, "/tmp/import.json");
    assert.match(text, /nothing was changed\n {2}Namespace demo: made by kubectl\n/);
    assert.match(text, /(Namespace demo: made by kubectl\n {2}){8}and 2 more\n {2}remove them/);
    const eight = refusalOf(Array<typeof one>(8).fill(one), { name: "dev", configFile: "/c.yaml" }, "/tmp/import.json");
    assert.match(eight, /(Namespace demo: made by kubectl\n {2}){8}remove them/);
    assert.match(text, /pulumi import --file \/tmp\/import\.json --stack dev --config-file \/c\.yaml --protect=false/);
  });
});
