import assert from "node:assert/strict";
import { meshOfProgram } from "./pulumi";
import type { ProgramResource } from "./pulumi";

const workload: ProgramResource = {
  type: "kubernetes:apps/v1:Deployment",
  name: "user",
  urn: "urn:deployment",
  parent: "urn:component",
  dependencies: ["urn:account"],
  props: { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "user", namespace: "demo" }, spec: {} },
};
const component: ProgramResource = {
  type: "pkg:index:EchoService",
  name: "user",
  urn: "urn:component",
  dependencies: ["urn:mesh"],
  props: {},
};

describe("meshOfProgram", () => {
  const dependenciesOf = (program: ProgramResource[]) => meshOfProgram(program).workloads[0]?.resource.dependencies;

  it("knows that a resource waits for what its parents wait for", () => {
    assert.deepEqual(dependenciesOf([workload, component]), ["urn:account", "urn:mesh"]);
  });

  it("knows that waiting for a component means waiting for what it holds", () => {
    const namespace: ProgramResource = {
      type: "kubernetes:core/v1:Namespace",
      name: "demo",
      urn: "urn:namespace",
      parent: "urn:mesh",
      props: { metadata: { name: "demo" } },
    };
    assert.deepEqual(dependenciesOf([workload, component, namespace]), ["urn:account", "urn:mesh", "urn:namespace"]);
  });
});
