import { specify, unknown } from "../testing";
import { injectionLabelValid } from "./injectionLabelValid";

specify(injectionLabelValid, {
  violations: [
    {
      it: "finds a value that reads like a yes",
      edits: [["Namespace demo", 'metadata.labels["istio-injection"]', "true"]],
      on: "Namespace demo",
    },
    {
      it: "finds wrong case",
      edits: [["Namespace demo", 'metadata.labels["istio-injection"]', "Enabled"]],
      on: "Namespace demo",
    },
  ],
  passes: [
    { it: "passes a namespace without the label", edits: [["Namespace demo", "metadata.labels"]] },
    { it: "passes disabled", edits: [["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"]] },
  ],
  unknown: { edits: [["Namespace demo", 'metadata.labels["istio-injection"]', unknown]], on: "Namespace demo" },
});
