import assert from "node:assert/strict";
import { keyOf, objectRefOf, releaseRefOf, releaseType, unique } from "./things";

const metadata = { name: "a", namespace: "demo" };
const service = { apiVersion: "v1", kind: "Service", metadata };
const state = (type: string, inputs: Record<string, unknown>) => ({ urn: "urn:a", type, inputs });

describe("things of a stack", () => {
  it("are objects of the API server by their own names, and nothing else", () => {
    const type = "kubernetes:core/v1:Service";
    const ref = { apiVersion: "v1", kind: "Service", ...metadata };
    assert.deepEqual(objectRefOf(state(type, service)), ref);
    const { namespace: _, ...ofCluster } = ref;
    assert.deepEqual(objectRefOf(state(type, { ...service, metadata: { name: "a", namespace: 1 } })), ofCluster);
    for (const other of ["random:index/randomId:RandomId", "kubernetes:core/v1:ServicePatch", releaseType]) {
      assert.equal(objectRefOf(state(other, service)), undefined, other);
    }
    for (const key of ["apiVersion", "kind", "metadata"]) {
      assert.equal(objectRefOf(state(type, { ...service, [key]: undefined })), undefined, key);
    }
  });

  it("are Helm releases with a name and a namespace", () => {
    assert.deepEqual(releaseRefOf(state(releaseType, metadata)), { urn: "urn:a", ...metadata });
    assert.equal(releaseRefOf(state("kubernetes:core/v1:Service", metadata)), undefined);
    assert.equal(releaseRefOf(state(releaseType, { name: "a" })), undefined);
    assert.equal(releaseRefOf(state(releaseType, { namespace: "demo" })), undefined);
  });

  it("are the same under several versions of a type, but not in another group or namespace", () => {
    const object = (apiVersion: string, namespace?: string) =>
      keyOf({ apiVersion, kind: "Gateway", name: "a", namespace });
    assert.equal(object("networking.istio.io/v1"), object("networking.istio.io/v1beta1"));
    assert.equal(object("v1"), object("v2"));
    const all = [
      object("networking.istio.io/v1"),
      object("gateway.networking.k8s.io/v1"),
      object("v1"),
      object("v1", "demo"),
      keyOf({ urn: "urn:a", name: "a", namespace: "demo" }),
    ];
    assert.equal(new Set(all).size, all.length);
    const one = { apiVersion: "v1", kind: "Service", name: "a" };
    assert.deepEqual(unique([one, { ...one }, { ...one, name: "b" }], new Set([keyOf({ ...one, name: "b" })])), [one]);
  });
});
