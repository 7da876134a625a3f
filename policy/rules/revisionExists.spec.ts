import { specify, unknown } from "../testing";
import { revisionExists } from "./revisionExists";

specify(revisionExists, {
  violations: [
    {
      it: "finds a namespace that asks for a revision which nobody installs",
      edits: [["Namespace demo", "metadata.labels", { "istio.io/rev": "canary" }]],
      on: "Namespace demo",
      code: "KIA1316",
    },
    {
      it: "finds the default revision missing where only another is installed",
      edits: [["Release istiod", "values.revision", "canary"]],
      on: "Namespace demo",
    },
    {
      it: "finds a pod that asks for a missing revision",
      edits: [
        ["Namespace tools", "metadata.labels", {}],
        ["Deployment user", "metadata.namespace", "tools"],
        ["Deployment user", 'spec.template.metadata.labels["istio.io/rev"]', "canary"],
      ],
      on: "Deployment tools/user",
    },
  ],
  passes: [
    {
      it: "knows tags of an installed revision",
      edits: [
        ["Namespace demo", "metadata.labels", { "istio.io/rev": "canary" }],
        ["Release istiod", "values.revisionTags", ["canary"]],
      ],
    },
    {
      it: "knows revisions that are installed by other means",
      edits: [["Namespace demo", "metadata.labels", { "istio.io/rev": "canary" }]],
      settings: { revisions: ["canary"] },
    },
    { it: "passes a namespace without labels", edits: [["Namespace demo", "metadata.labels"]] },
  ],
  unknown: {
    edits: [
      ["Namespace demo", "metadata.labels", { "istio.io/rev": "x" }],
      ["Namespace demo", 'metadata.labels["istio-injection"]', unknown],
    ],
    on: "Namespace demo",
  },
});
