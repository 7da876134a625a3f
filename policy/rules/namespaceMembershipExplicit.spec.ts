import { specify, unknown } from "../testing";
import { namespaceMembershipExplicit } from "./namespaceMembershipExplicit";

specify(namespaceMembershipExplicit, {
  violations: [
    {
      it: "finds a namespace that does not say",
      edits: [["Namespace tools", "metadata.labels"]],
      on: "Namespace tools",
      code: "IST0102",
    },
    {
      it: "finds one that is injected by default",
      edits: [
        ["Namespace tools", "metadata.labels"],
        ["Release istiod", "values.sidecarInjectorWebhook.enableNamespacesByDefault", true],
      ],
      on: "Namespace tools",
      code: "IST0148",
    },
  ],
  passes: [
    {
      it: "passes ambient mode",
      edits: [["Namespace tools", "metadata.labels", { "istio.io/dataplane-mode": "ambient" }]],
    },
  ],
  unknown: { edits: [["Namespace tools", 'metadata.labels["istio-injection"]', unknown]], on: "Namespace tools" },
});
