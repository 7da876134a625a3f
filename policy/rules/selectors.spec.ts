import { specify, unknown } from "../testing";
import { policyEffective, selectorMatchesWorkload, selectorsDisjoint } from "./selectors";

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
