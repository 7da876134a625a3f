import { specify, unknown } from "../testing";
import { injectLabelOnTemplate } from "./injectLabelOnTemplate";

specify(injectLabelOnTemplate, {
  violations: [
    {
      it: "finds the label on the Deployment",
      edits: [["Deployment user", 'metadata.labels["sidecar.istio.io/inject"]', "true"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds the revision on a CronJob",
      edits: [["CronJob report", 'metadata.labels["istio.io/rev"]', "default"]],
      on: "CronJob demo/report",
    },
  ],
  passes: [
    {
      it: "passes where the template has it too",
      edits: [
        ["Deployment user", 'metadata.labels["sidecar.istio.io/inject"]', "true"],
        ["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "true"],
      ],
    },
    { it: "passes a Deployment without labels", edits: [["Deployment user", "metadata.labels"]] },
  ],
  unknown: {
    edits: [["Deployment user", 'metadata.labels["sidecar.istio.io/inject"]', unknown]],
    on: "Deployment demo/user",
  },
});
