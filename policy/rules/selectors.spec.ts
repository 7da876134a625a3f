import { specify, unknown } from "../../test/support/policyStack";
import {
  policyEffective,
  selectorMatchesWorkload,
  selectorsDisjoint,
  serviceSelectsPods,
  targetReferenceExists,
} from "./selectors";

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

const gatewayGroup = "gateway.networking.k8s.io";
const gateway = { spec: { gatewayClassName: "istio", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] } };
const attach = (name: string, group = gatewayGroup) => ({ targetRefs: [{ group, kind: "Gateway", name }] });

specify(targetReferenceExists, {
  violations: [
    {
      it: "finds a Gateway that is not there",
      edits: [
        ["+KubernetesGateway edge", "", gateway],
        ["AuthorizationPolicy payment", "spec", attach("egde")],
      ],
      on: "AuthorizationPolicy demo/payment",
    },
    {
      it: "finds a Gateway of Istio's own API",
      edits: [["AuthorizationPolicy payment", "spec", attach("entry", "networking.istio.io/v1")]],
      on: "AuthorizationPolicy demo/payment",
    },
    {
      it: "finds a Service of another namespace",
      edits: [
        ["Service user", "metadata.namespace", "tools"],
        ["Telemetry default", "spec.targetRefs", [{ group: "", kind: "Service", name: "user" }]],
      ],
      on: "Telemetry demo/default",
    },
  ],
  passes: [
    {
      it: "passes what is there",
      edits: [
        ["+KubernetesGateway edge", "", gateway],
        ["AuthorizationPolicy payment", "spec", attach("edge")],
        ["Telemetry default", "spec.targetRefs", [{ group: "", kind: "Service", name: "user" }]],
      ],
    },
  ],
  unknown: {
    edits: [["AuthorizationPolicy payment", "spec.targetRefs", unknown]],
    on: "AuthorizationPolicy demo/payment",
  },
});

specify(serviceSelectsPods, {
  violations: [
    {
      it: "finds a misspelt selector",
      edits: [["Service user", "spec.selector.app", "usr"]],
      on: "Service demo/user",
    },
    {
      it: "finds pods that have another version",
      edits: [["Service payment", "spec.selector.version", "v2"]],
      on: "Service demo/payment",
    },
  ],
  passes: [
    {
      it: "passes a Service without a selector, and an ExternalName",
      edits: [
        ["Service user", "spec.selector"],
        ["Service payment", "spec", { type: "ExternalName", externalName: "pay.example.com", selector: { app: "x" } }],
      ],
    },
    {
      it: "passes a Service for WorkloadEntries",
      edits: [
        ["Service user", "spec.selector.app", "vm"],
        ["+WorkloadEntry vm", "", { spec: { address: "10.0.0.1", labels: { app: "vm" } } }],
      ],
    },
  ],
  unknown: { edits: [["Service user", "spec.selector", unknown]], on: "Service demo/user" },
});
