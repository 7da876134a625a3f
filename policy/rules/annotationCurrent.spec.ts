import { specify, unknown } from "../testing";
import { annotationCurrent } from "./annotationCurrent";

specify(annotationCurrent, {
  violations: [
    {
      it: "finds the deprecated inject annotation",
      edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/inject"]', "true"]],
      on: "Deployment demo/user",
      code: "IST0135",
    },
  ],
  passes: [
    {
      it: "passes it beside the label",
      edits: [
        ["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/inject"]', "true"],
        ["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "true"],
      ],
    },
    { it: "passes pods without annotations", edits: [["Deployment user", "spec.template.metadata.annotations"]] },
  ],
  unknown: {
    edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/inject"]', unknown]],
    on: "Deployment demo/user",
  },
});
