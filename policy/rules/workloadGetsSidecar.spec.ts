import { specify, unknown } from "../testing";
import { workloadGetsSidecar } from "./workloadGetsSidecar";

specify(workloadGetsSidecar, {
  violations: [
    {
      it: "finds a workload in a namespace without the label",
      edits: [["Namespace demo", 'metadata.labels["istio-injection"]']],
      on: "Deployment demo/user",
      code: "IST0103",
    },
    {
      it: "finds pods that opt out",
      edits: [["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "false"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds every kind of workload",
      edits: [["Namespace demo", 'metadata.labels["istio-injection"]']],
      on: "CronJob demo/report",
    },
    {
      it: "finds a custom resource with a pod template",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]', "Enabled"],
        ["+Rollout canary", "", { spec: { template: { spec: { containers: [{ name: "app", image: "a:1" }] } } } }],
      ],
      on: "Rollout demo/canary",
    },
    {
      it: "finds an annotation that does nothing without the label",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]'],
        ["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/inject"]', "true"],
      ],
      on: "Deployment demo/user",
    },
    {
      it: "finds a revision that is not installed",
      edits: [["Namespace demo", "metadata.labels", { "istio.io/rev": "canary" }]],
      on: "Deployment demo/user",
    },
    {
      it: "finds pods that the injector never injects",
      edits: [
        ["Release istiod", "values.sidecarInjectorWebhook.neverInjectSelector", [{ matchLabels: { app: "user" } }]],
      ],
      on: "Deployment demo/user",
    },
  ],
  passes: [
    {
      it: "lets a namespace stay out in so many words",
      edits: [["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"]],
    },
    {
      it: "takes a label that is no answer for none",
      edits: [["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "False"]],
    },
    {
      it: "knows revisions that are installed by other means",
      edits: [["Namespace demo", "metadata.labels", { "istio.io/rev": "canary" }]],
      settings: { revisions: ["canary"] },
    },
    {
      it: "lets pods opt out where that is configured",
      edits: [["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "false"]],
      settings: { rules: { "workload-gets-sidecar": { allowOptOut: true } } },
    },
    {
      it: "says nothing of a namespace that is not declared",
      edits: [["Namespace demo", ""]],
    },
  ],
  unknown: {
    edits: [["Namespace demo", 'metadata.labels["istio-injection"]', unknown]],
    on: "Deployment demo/user",
  },
});
