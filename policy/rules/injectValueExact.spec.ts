import { specify, unknown } from "../testing";
import { injectValueExact } from "./injectValueExact";

specify(injectValueExact, {
  violations: [
    {
      it: "finds wrong case",
      edits: [["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "False"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds a wrong annotation",
      edits: [["StatefulSet store", 'spec.template.metadata.annotations["sidecar.istio.io/inject"]', "yes"]],
      on: "StatefulSet demo/store",
    },
  ],
  passes: [
    {
      it: "passes true",
      edits: [["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "true"]],
    },
    { it: "passes pods without labels", edits: [["Deployment user", "spec.template.metadata"]] },
  ],
  unknown: {
    edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/inject"]', unknown]],
    on: "Deployment demo/user",
  },
});
