import { specify, unknown } from "../testing";
import { psaRestrictedNeedsCni } from "./psaRestrictedNeedsCni";

specify(psaRestrictedNeedsCni, {
  violations: [
    {
      it: "finds an injected namespace with the restricted standard",
      edits: [["Namespace demo", 'metadata.labels["pod-security.kubernetes.io/enforce"]', "restricted"]],
      on: "Namespace demo",
    },
  ],
  passes: [
    {
      it: "passes with Istio's CNI plugin",
      edits: [
        ["Namespace demo", 'metadata.labels["pod-security.kubernetes.io/enforce"]', "restricted"],
        ["+Release cni", "", { chart: "cni", name: "istio-cni", namespace: "istio-system" }],
      ],
    },
    { it: "passes a namespace without labels", edits: [["Namespace demo", "metadata.labels"]] },
  ],
  unknown: {
    edits: [["Namespace demo", 'metadata.labels["pod-security.kubernetes.io/enforce"]', unknown]],
    on: "Namespace demo",
  },
});
