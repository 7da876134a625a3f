import { specify, unknown } from "../testing";
import { noProxyPorts } from "./noProxyPorts";

specify(noProxyPorts, {
  violations: [
    {
      it: "finds a port of the proxy",
      edits: [["Deployment user", "spec.template.spec.containers[0].ports[0].containerPort", 15006]],
      on: "Deployment demo/user",
    },
    {
      it: "finds it in a StatefulSet",
      edits: [["StatefulSet store", "spec.template.spec.containers[0].ports[0].containerPort", 15090]],
      on: "StatefulSet demo/store",
    },
  ],
  passes: [
    {
      it: "passes such a port outside the mesh",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"],
        ["Deployment user", "spec.template.spec.containers[0].ports[0].containerPort", 15006],
      ],
    },
    { it: "passes containers without ports", edits: [["Deployment user", "spec.template.spec.containers[0].ports"]] },
  ],
  unknown: {
    edits: [["Deployment user", "spec.template.spec.containers[0].ports[0].containerPort", unknown]],
    on: "Deployment demo/user",
  },
});
