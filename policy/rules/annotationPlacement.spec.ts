import { specify, unknown } from "../testing";
import { annotationPlacement } from "./annotationPlacement";

specify(annotationPlacement, {
  violations: [
    {
      it: "finds a pod's annotation on the Deployment",
      edits: [["Deployment user", 'metadata.annotations["sidecar.istio.io/proxyCPU"]', "100m"]],
      on: "Deployment demo/user",
      code: "IST0107",
    },
    {
      it: "finds an ingress annotation on a Namespace",
      edits: [["Namespace demo", 'metadata.annotations["kubernetes.io/ingress.class"]', "x"]],
      on: "Namespace demo",
    },
  ],
  passes: [
    {
      it: "passes it on the template",
      edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/proxyCPU"]', "100m"]],
    },
    { it: "passes a Deployment without annotations", edits: [["Deployment user", "metadata.annotations"]] },
  ],
  unknown: { edits: [["Deployment user", "metadata.annotations", unknown]], on: "Deployment demo/user" },
});
