import { specify, unknown } from "../testing";
import { jobNeedsNativeSidecar } from "./jobNeedsNativeSidecar";

specify(jobNeedsNativeSidecar, {
  violations: [
    {
      it: "finds a Job where native sidecars are off",
      edits: [["Release istiod", "values.pilot.env.ENABLE_NATIVE_SIDECARS", "false"]],
      on: "Job demo/migrate",
    },
    {
      it: "finds a CronJob that switches them off for itself",
      edits: [
        [
          "CronJob report",
          'spec.jobTemplate.spec.template.metadata.annotations["sidecar.istio.io/nativeSidecar"]',
          "false",
        ],
      ],
      on: "CronJob demo/report",
    },
  ],
  passes: [
    {
      it: "passes a Job outside the mesh",
      edits: [
        ["Release istiod", "values.pilot.env.ENABLE_NATIVE_SIDECARS", "false"],
        ["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"],
      ],
    },
  ],
  unknown: {
    edits: [["Job migrate", 'spec.template.metadata.annotations["sidecar.istio.io/nativeSidecar"]', unknown]],
    on: "Job demo/migrate",
  },
});
