import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { HelmRecords, objectsOf, remedyOf } from "./helmRecords";
import type { LiveObject, ObjectRef } from "./kubeClient";

const record = (status: string, revision: number) => ({ status, revision, createdAt: new Date(0) });
const records = (...statuses: string[]) => statuses.map((status, i) => record(status, i + 1));

const manifest = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: istiod, namespace: istio-system }
---
# An empty document.
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: istiod }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: gateways.networking.istio.io, annotations: { helm.sh/resource-policy: keep } }
`;
const packed = gzipSync(JSON.stringify({ name: "istiod", manifest })).toString("base64");
const encoded = Buffer.from(packed).toString("base64");

function secret(version: number, status: string, name = "istiod"): LiveObject {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: `sh.helm.release.v1.${name}.v${version}`,
      namespace: "istio-system",
      labels: { owner: "helm", name, version: String(version), status },
    },
    data: { release: encoded },
  };
}

/** An API server that has some Secrets, and everything else that it is asked for until that is deleted. */
class FakeApi {
  readonly deleted: string[] = [];

  constructor(private readonly secrets: LiveObject[]) {}

  list = () => Promise.resolve(this.secrets);
  get = ({ kind, name }: ObjectRef) =>
    Promise.resolve(this.deleted.includes(`${kind} ${name}`) ? undefined : { metadata: { name } });
  delete = ({ kind, name }: ObjectRef) => Promise.resolve(this.deleted.push(`${kind} ${name}`) > 0);
}

describe("remedyOf", () => {
  it("leaves a release alone that Helm can go on with", () => {
    assert.equal(remedyOf([]), "none");
    assert.equal(remedyOf(records("deployed")), "none");
    assert.equal(remedyOf(records("superseded", "failed")), "none");
  });

  it("takes an upgrade or a rollback that was cut short for not begun", () => {
    assert.equal(remedyOf(records("deployed", "pending-upgrade")), "forget the last revision");
    assert.equal(remedyOf(records("superseded", "failed", "pending-rollback")), "forget the last revision");
  });

  it("removes what has no revision to go back to, and what was being removed", () => {
    assert.equal(remedyOf(records("pending-install")), "remove");
    assert.equal(remedyOf(records("pending-upgrade")), "remove");
    assert.equal(remedyOf(records("superseded", "uninstalling")), "remove");
  });
});

describe("objectsOf", () => {
  it("reads a release's objects, the last first, without those that the chart keeps", () => {
    assert.deepEqual(objectsOf(encoded, "istio-system"), [
      { apiVersion: "apps/v1", kind: "Deployment", name: "istiod", namespace: "istio-system" },
      { apiVersion: "v1", kind: "ServiceAccount", name: "istiod", namespace: "istio-system" },
    ]);
  });
});

describe("HelmRecords", () => {
  it("forgets an upgrade that was cut short, and touches no object", async () => {
    const api = new FakeApi([secret(10, "pending-upgrade"), secret(9, "deployed"), secret(11, "deployed", "other")]);
    assert.equal(await new HelmRecords(api).mend("istiod", "istio-system"), "forget the last revision");
    assert.deepEqual(api.deleted, ["Secret sh.helm.release.v1.istiod.v10"]);
  });

  it("removes an install that was cut short: objects, then the record", async () => {
    const api = new FakeApi([secret(1, "pending-install")]);
    assert.equal(await new HelmRecords(api).mend("istiod", "istio-system"), "remove");
    assert.deepEqual(api.deleted, [
      "Deployment istiod",
      "ServiceAccount istiod",
      "Secret sh.helm.release.v1.istiod.v1",
    ]);
  });

  it("does nothing to a release that stands", async () => {
    const api = new FakeApi([secret(1, "superseded"), secret(2, "deployed")]);
    assert.equal(await new HelmRecords(api).mend("istiod", "istio-system"), "none");
    assert.deepEqual(api.deleted, []);
  });
});
