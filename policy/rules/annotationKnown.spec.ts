import { specify, unknown } from "../testing";
import { annotationKnown } from "./annotationKnown";

specify(annotationKnown, {
  violations: [
    {
      it: "finds a misspelt annotation",
      edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/proxyCPUs"]', "1"]],
      on: "Deployment demo/user",
      code: "IST0108",
    },
    {
      it: "finds it on a Service",
      edits: [["Service user", 'metadata.annotations["networking.istio.io/exportTwo"]', "."]],
      on: "Service demo/user",
    },
  ],
  passes: [
    { it: "leaves others' annotations alone", edits: [["Service user", 'metadata.annotations["example.com/x"]', "."]] },
    { it: "passes pods without metadata", edits: [["Deployment user", "spec.template.metadata"]] },
  ],
  unknown: { edits: [["Service user", "metadata.annotations", unknown]], on: "Service demo/user" },
});
