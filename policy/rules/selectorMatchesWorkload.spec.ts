import { specify, unknown } from "../testing";
import { selectorMatchesWorkload } from "./selectorMatchesWorkload";

specify(selectorMatchesWorkload, {
  violations: [
    {
      it: "finds a Sidecar for nothing",
      edits: [["Sidecar default", "spec.workloadSelector", { labels: { app: "users" } }]],
      on: "Sidecar demo/default",
      code: "IST0101",
    },
    {
      it: "finds a Telemetry of another namespace",
      edits: [
        [
          "+Telemetry far",
          "",
          { metadata: { namespace: "tools" }, spec: { selector: { matchLabels: { app: "user" } } } },
        ],
      ],
      on: "Telemetry tools/far",
    },
  ],
  passes: [
    {
      it: "passes one that selects",
      edits: [["Sidecar default", "spec.workloadSelector", { labels: { app: "user" } }]],
    },
    {
      it: "leaves open worlds alone",
      edits: [["Sidecar default", "spec.workloadSelector", { labels: { app: "users" } }]],
      settings: { closedWorld: false },
    },
  ],
  unknown: { edits: [["Sidecar default", "spec.workloadSelector", unknown]], on: "Sidecar demo/default" },
});
