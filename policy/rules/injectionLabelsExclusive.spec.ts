import { specify, unknown } from "../testing";
import { injectionLabelsExclusive } from "./injectionLabelsExclusive";

specify(injectionLabelsExclusive, {
  violations: [
    {
      it: "finds two ways to ask for injection",
      edits: [["Namespace demo", 'metadata.labels["istio.io/rev"]', "default"]],
      on: "Namespace demo",
      code: "IST0123",
    },
    {
      it: "finds injection together with ambient mode",
      edits: [["Namespace demo", 'metadata.labels["istio.io/dataplane-mode"]', "ambient"]],
      on: "Namespace demo",
    },
  ],
  passes: [
    { it: "passes a namespace without labels", edits: [["Namespace demo", "metadata.labels"]] },
    {
      it: "lets a namespace without injection be in ambient mode",
      edits: [["Namespace tools", 'metadata.labels["istio.io/dataplane-mode"]', "ambient"]],
    },
  ],
  unknown: { edits: [["Namespace demo", 'metadata.labels["istio.io/rev"]', unknown]], on: "Namespace demo" },
});
