import { specify, unknown } from "../testing";
import { workloadDependsOnInjector } from "./workloadDependsOnInjector";

specify(workloadDependsOnInjector, {
  violations: [
    {
      it: "finds a workload that depends on nothing",
      edits: [["Deployment user", "dependencies", []]],
      on: "Deployment demo/user",
    },
    {
      it: "finds one that depends on its namespace, where that does not wait for istiod",
      edits: [
        ["Namespace demo", "dependencies", []],
        ["Deployment user", "dependencies", ["urn:pulumi:dev::mesh::kubernetes:core/v1:Namespace::demo"]],
      ],
      on: "Deployment demo/user",
    },
  ],
  passes: [
    {
      it: "follows dependencies through others",
      edits: [["Deployment user", "dependencies", ["urn:pulumi:dev::mesh::kubernetes:core/v1:Namespace::demo"]]],
    },
    {
      it: "does not ask it of a workload outside the mesh",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"],
        ["Deployment user", "dependencies", []],
      ],
    },
  ],
  unknown: {
    edits: [
      ["Deployment user", "dependencies", []],
      ["Deployment user", "spec.template.metadata.labels", unknown],
      ["Deployment payment", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', unknown],
    ],
    on: "Deployment demo/payment",
  },
});
