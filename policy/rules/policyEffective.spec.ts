import { specify, unknown } from "../testing";
import { policyEffective } from "./policyEffective";

specify(policyEffective, {
  violations: [
    {
      it: "finds a Sidecar in an ambient namespace",
      edits: [["Namespace demo", "metadata.labels", { "istio.io/dataplane-mode": "ambient" }]],
      on: "Sidecar demo/default",
      code: "IST0167",
    },
    {
      it: "finds a Sidecar for an ambient pod",
      edits: [
        ["Sidecar default", "spec.workloadSelector", { labels: { app: "user" } }],
        ["Deployment user", 'spec.template.metadata.annotations["ambient.istio.io/redirection"]', "enabled"],
      ],
      on: "Sidecar demo/default",
    },
  ],
  passes: [{ it: "passes a Sidecar without a spec", edits: [["Sidecar default", "spec"]] }],
  unknown: { edits: [["Namespace demo", "metadata.labels", unknown]], on: "Sidecar demo/default" },
});
