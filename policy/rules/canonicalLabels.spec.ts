import { specify, unknown } from "../testing";
import { canonicalLabels } from "./canonicalLabels";

specify(canonicalLabels, {
  violations: [
    {
      it: "finds pods without a version",
      edits: [["Deployment user", "spec.template.metadata.labels.version"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds pods without a name",
      edits: [["StatefulSet store", "spec.template.metadata.labels.app"]],
      on: "StatefulSet demo/store",
    },
  ],
  passes: [
    {
      it: "takes Kubernetes' own labels",
      edits: [
        [
          "Deployment user",
          "spec.template.metadata.labels",
          { "app.kubernetes.io/name": "user", "app.kubernetes.io/version": "1" },
        ],
      ],
    },
    { it: "leaves Jobs alone", edits: [["Job migrate", "spec.template.metadata.labels.version"]] },
  ],
  unknown: {
    edits: [
      ["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/inject"]', unknown],
      ["Deployment user", "spec.template.metadata.labels.version"],
    ],
    on: "Deployment demo/user",
  },
});
