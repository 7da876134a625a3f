import assert from "node:assert/strict";
import type { LiveObject } from "../../cluster/kubeClient";
import type { StateResource } from "../pulumi/events";
import type { ExportedStack } from "../pulumi/stack";
import { changedAnything, isHalfMade, leftoversOf, mendedState, spanOf } from "./leftovers";

const run = { startedAt: "2026-01-01T10:00:00.000Z", backend: "file:///state", cluster: "https://10.0.0.1:6443" };

function object(kind: string, name: string, namespace?: string): StateResource {
  return {
    urn: `urn:${kind}:${name}`,
    type: `kubernetes:core/v1:${kind}`,
    inputs: { apiVersion: "v1", kind, metadata: { name, ...(namespace && { namespace }) } },
    outputs: {},
  };
}

function release(name: string): StateResource {
  const inputs = { name, namespace: "istio-system", timeout: 600 };
  return { urn: `urn:Release:${name}`, type: "kubernetes:helm.sh/v3:Release", inputs, outputs: { ...inputs } };
}

function stack(
  resources: StateResource[],
  pending: [type: string, resource: StateResource][] = [],
  time = "2026-01-01T10:01:00Z",
): ExportedStack {
  const pending_operations = pending.map(([type, resource]) => ({ type, resource }));
  return {
    version: 3,
    deployment: { manifest: { time }, resources, ...(pending.length > 0 && { pending_operations }) },
  };
}

describe("what a run left that did not end well", () => {
  it("is nothing if the state was written before it, and has no pending operations", () => {
    assert.equal(changedAnything(stack([], [], "2026-01-01T09:59:59Z"), run), false);
    assert.equal(changedAnything(stack([], [], "2026-01-01T10:00:01Z"), run), true);
    assert.equal(changedAnything(stack([], [["creating", object("Pod", "a")]], "2026-01-01T09:00:00Z"), run), true);
    assert.equal(changedAnything(stack([], [], run.startedAt), run), true);
    assert.equal(changedAnything({ version: 3, deployment: null }, run), false);
    assert.equal(changedAnything({ version: 3, deployment: {} }, run), false);
  });

  it("may be what was being created, and what is declared but not in the state, each once", () => {
    const service = object("Service", "user", "demo");
    const { unknown, known } = leftoversOf(stack([object("Namespace", "demo")], [["creating", service]]), [
      service,
      release("istiod"),
      { urn: "urn:random", type: "random:index/randomPassword:RandomPassword", inputs: { length: 8 } },
    ]);
    assert.deepEqual(unknown.objects, [{ apiVersion: "v1", kind: "Service", name: "user", namespace: "demo" }]);
    assert.deepEqual(
      unknown.releases.map(({ name }) => name),
      ["istiod"],
    );
    assert.deepEqual(
      known.objects.map(({ name }) => name),
      ["demo"],
    );
  });

  it("is never what the state has: not even under another name in the program, or an operation pending since long ago", () => {
    const service = object("Service", "user", "demo");
    const { unknown } = leftoversOf(stack([service], [["creating", service]]), [{ ...service, urn: "urn:renamed" }]);
    assert.deepEqual(unknown.objects, []);
  });

  it("may be what replaces something that is gone already", () => {
    const service = object("Service", "user", "demo");
    const { unknown } = leftoversOf(stack([{ ...service, pendingReplacement: true }], [["creating", service]]), []);
    assert.equal(unknown.objects.length, 1);
  });

  it("is never an object that is only patched or read: the stack did not create it", () => {
    const patch = { ...object("Namespace", "default"), type: "kubernetes:core/v1:NamespacePatch" };
    const read = { ...object("Node", "a"), external: true };
    const { unknown, known } = leftoversOf(stack([read], [["creating", patch]]), []);
    assert.deepEqual([...unknown.objects, ...known.objects], []);
  });

  it("is not what was only being changed or deleted, nor anything of an empty stack", () => {
    const [service, pod] = [object("Service", "user", "demo"), object("Pod", "a", "demo")];
    const state = stack(
      [],
      [
        ["updating", service],
        ["deleting", pod],
        ["deleting", release("istiod")],
      ],
    );
    assert.deepEqual(leftoversOf(state, []).unknown, { objects: [], releases: [] });
    assert.deepEqual(leftoversOf(state, []).halfUpdated, []);
    const nothing = { objects: [], releases: [] };
    assert.deepEqual(leftoversOf({ version: 3, deployment: null }, []), {
      known: nothing,
      unknown: nothing,
      halfUpdated: [],
    });
  });

  it("has releases that were being updated", () => {
    const state = stack(
      [release("istiod"), release("istio-base")],
      [
        ["updating", release("istiod")],
        ["updating", object("Service", "user")],
      ],
    );
    assert.deepEqual(leftoversOf(state, []).halfUpdated, ["urn:Release:istiod"]);
  });
});

describe("an object that is not in the state", () => {
  const killed = () => spanOf(stack([]), run);
  const live = (creationTimestamp: string, manager = "pulumi-kubernetes"): LiveObject => ({
    metadata: { creationTimestamp: creationTimestamp as unknown as Date, managedFields: [{ manager }] },
  });

  it("was half made by the run if Pulumi made it while the run was at work, until a little after the last write", () => {
    assert.ok(isHalfMade(live("2026-01-01T10:00:30Z"), killed()));
    assert.ok(isHalfMade(live("2026-01-01T10:01:20Z"), killed()));
    // The clock of the API server may be five seconds behind, and the provider go on for a minute.
    assert.ok(isHalfMade(live("2026-01-01T09:59:55Z"), killed()));
    assert.ok(isHalfMade(live("2026-01-01T10:02:00Z"), killed()));
    const first = live("2026-01-01T10:00:30Z", "kube-controller-manager").metadata!;
    const managedFields = [...first.managedFields!, { manager: "pulumi-kubernetes-2f4a" }, {}];
    assert.ok(isHalfMade({ metadata: { ...first, managedFields } }, killed()));
  });

  it("is not ours if it was created before or after the run, or by another program", () => {
    assert.ok(!isHalfMade(live("2026-01-01T09:30:00Z"), killed()));
    assert.ok(!isHalfMade(live("2026-01-01T09:59:54Z"), killed()));
    assert.ok(!isHalfMade(live("2026-01-01T10:02:01Z"), killed()));
    assert.ok(!isHalfMade(live("2026-01-01T10:00:30Z", "not-pulumi-kubernetes"), killed()));
    assert.ok(!isHalfMade({ metadata: { managedFields: [{ manager: "pulumi-kubernetes" }] } }, killed()));
    assert.ok(!isHalfMade({}, killed()));
    assert.ok(!isHalfMade(live("2026-01-01T10:30:00Z"), killed()));
    assert.ok(!isHalfMade(live("2026-01-01T10:00:30Z", "kubectl-client-side-apply"), killed()));
    assert.ok(!isHalfMade({ metadata: { name: "bare" } }, killed()));
  });

  it("can't have been made after the recorded end of a run", () => {
    const failed = spanOf(stack([]), { ...run, endedAt: "2026-01-01T10:10:00Z" });
    assert.ok(isHalfMade(live("2026-01-01T10:09:00Z"), failed));
    assert.ok(!isHalfMade(live("2026-01-01T10:12:00Z"), failed));
  });
});

describe("mended state", () => {
  it("has no pending operations, and makes the next up update the releases that may have either content", () => {
    const [istiod, base] = [release("istiod"), release("istio-base")];
    const { deployment } = mendedState(stack([istiod, base], [["updating", istiod]]), [istiod.urn]);
    assert.ok(deployment && !("pending_operations" in deployment));
    assert.deepEqual(deployment.resources?.[0]?.outputs, { ...istiod.outputs, timeout: 0 });
    assert.deepEqual(deployment.resources?.[1], base);
    assert.deepEqual(mendedState({ version: 3, deployment: null }, []), { version: 3, deployment: null });
    assert.deepEqual(mendedState({ version: 3, deployment: {} }, []), { version: 3, deployment: {} });
  });
});
