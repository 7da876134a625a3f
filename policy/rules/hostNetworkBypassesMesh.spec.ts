import { specify, unknown } from "../testing";
import { hostNetworkBypassesMesh } from "./hostNetworkBypassesMesh";

specify(hostNetworkBypassesMesh, {
  violations: [
    {
      it: "finds pods on the node's network",
      edits: [["Deployment user", "spec.template.spec.hostNetwork", true]],
      on: "Deployment demo/user",
    },
  ],
  passes: [
    {
      it: "passes where it is said to be meant",
      edits: [
        ["Deployment user", "spec.template.spec.hostNetwork", true],
        ["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "false"],
      ],
    },
    {
      it: "passes outside the mesh",
      edits: [
        ["Namespace demo", "metadata.labels"],
        ["Deployment user", "spec.template.spec.hostNetwork", true],
      ],
    },
  ],
  unknown: { edits: [["Deployment user", "spec.template.spec.hostNetwork", unknown]], on: "Deployment demo/user" },
});
