import { specify, unknown } from "../testing";
import { targetPortExists } from "./targetPortExists";

specify(targetPortExists, {
  violations: [
    {
      it: "finds a port that no container opens",
      edits: [["Service user", "spec.ports[0].targetPort", 8081]],
      on: "Service demo/user",
      code: "KIA0701",
    },
    {
      it: "finds a name that no container has",
      edits: [["Service user", "spec.ports[0].targetPort", "web"]],
      on: "Service demo/user",
    },
    {
      it: "takes the port for the target where none is named",
      edits: [["Service user", "spec.ports[0].targetPort"]],
      on: "Service demo/user",
    },
  ],
  passes: [
    {
      it: "finds ports by name",
      edits: [
        ["Service user", "spec.ports[0].targetPort", "web"],
        ["Deployment user", "spec.template.spec.containers[0].ports[0].name", "web"],
      ],
    },
    {
      it: "believes arguments",
      edits: [
        ["Service user", "spec.ports[0].targetPort", 8081],
        ["Deployment user", "spec.template.spec.containers[0].args", ["-listen=:8081"]],
      ],
    },
    {
      it: "passes containers that declare no ports",
      edits: [
        ["Service user", "spec.ports[0].targetPort", 8081],
        ["Deployment user", "spec.template.spec.containers[0].ports"],
      ],
    },
  ],
  unknown: { edits: [["Service user", "spec.ports[0].targetPort", unknown]], on: "Service demo/user" },
});
