import { specify, unknown } from "../testing";
import { selectorsDisjoint } from "./selectorsDisjoint";

specify(selectorsDisjoint, {
  violations: [
    {
      it: "finds two default Sidecars",
      edits: [["+Sidecar second", "", { spec: { egress: [{ hosts: ["./*"] }] } }]],
      on: "Sidecar demo/second",
      code: "IST0111",
    },
    {
      it: "finds two default Telemetries",
      edits: [["+Telemetry second", "", { spec: {} }]],
      on: "Telemetry demo/default",
      code: "IST0160",
    },
    {
      it: "finds two Sidecars for a workload",
      edits: [
        ["+Sidecar a", "", { spec: { workloadSelector: { labels: { app: "user" } } } }],
        ["+Sidecar b", "", { spec: { workloadSelector: { labels: { app: "user", version: "v1" } } } }],
      ],
      on: "Sidecar demo/b",
      code: "IST0110",
    },
    {
      it: "finds two Telemetries for a workload",
      edits: [
        ["+Telemetry a", "", { spec: { selector: { matchLabels: { app: "user" } } } }],
        ["+Telemetry b", "", { spec: { selector: { matchLabels: { version: "v1" } } } }],
      ],
      on: "Telemetry demo/a",
      code: "IST0159",
    },
  ],
  passes: [
    {
      it: "passes one of each namespace",
      edits: [["+Sidecar other", "", { metadata: { namespace: "tools" }, spec: {} }]],
    },
    { it: "passes a Sidecar without a spec", edits: [["Sidecar default", "spec"]] },
  ],
  unknown: { edits: [["Sidecar default", "spec.workloadSelector", unknown]], on: "Sidecar demo/default" },
});
