import { specify, unknown } from "../testing";
import { annotationStable } from "./annotationStable";

specify(annotationStable, {
  violations: [
    {
      it: "finds an alpha annotation on a Service",
      edits: [["Service user", 'metadata.annotations["networking.istio.io/exportTo"]', "."]],
      on: "Service demo/user",
      code: "IST0136",
    },
  ],
  passes: [
    {
      it: "leaves pod templates alone",
      edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/userVolume"]', "[]"]],
    },
    { it: "passes a Service without annotations", edits: [["Service user", "metadata.annotations"]] },
  ],
  unknown: { edits: [["Service user", "metadata.annotations", unknown]], on: "Service demo/user" },
});
