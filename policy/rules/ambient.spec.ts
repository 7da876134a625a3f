import { specify, unknown, type Edit } from "../../test/support/policyStack";
import { ambientRouteHasWaypoint, servicePolicyHasWaypoint, waypointExists } from "./ambient";

const waypoint = "istio.io/use-waypoint";
const label = `metadata.labels["${waypoint}"]`;
const ambient: Edit = ["Namespace demo", "metadata.labels", { "istio.io/dataplane-mode": "ambient" }];
const declared: Edit = [
  "+KubernetesGateway waypoint",
  "",
  {
    spec: {
      gatewayClassName: "istio-waypoint",
      listeners: [{ name: "mesh", port: 15008, protocol: "HBONE" }],
    },
  },
];
const httpRoute: Edit = [
  "+HTTPRoute user",
  "",
  {
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: "user" }],
      rules: [{ backendRefs: [{ name: "user", port: 80 }] }],
    },
  },
];

specify(ambientRouteHasWaypoint, {
  violations: [
    {
      it: "finds a route for a Service without a waypoint",
      edits: [ambient],
      on: "VirtualService demo/payment",
    },
    {
      it: "finds a route of the Gateway API for one",
      edits: [ambient, httpRoute],
      on: "HTTPRoute demo/user",
    },
    {
      it: "finds a Service that opts out of the waypoint of its namespace",
      edits: [
        declared,
        ["Namespace demo", "metadata.labels", { "istio.io/dataplane-mode": "ambient", [waypoint]: "waypoint" }],
        ["Service payment", label, "none"],
      ],
      on: "VirtualService demo/payment",
    },
    {
      it: "finds a waypoint that is for workloads",
      edits: [
        ambient,
        declared,
        ["KubernetesGateway waypoint", 'metadata.labels["istio.io/waypoint-for"]', "workload"],
        ["Service payment", label, "waypoint"],
      ],
      on: "VirtualService demo/payment",
    },
    {
      it: "only advises where other pods have sidecars",
      edits: [
        ambient,
        ["Namespace tools", "metadata.labels", { "istio-injection": "enabled" }],
        ["+Pod client", "", { metadata: { namespace: "tools" }, spec: { containers: [{ name: "client" }] } }],
      ],
      on: "VirtualService demo/payment",
      level: "advisory",
    },
    {
      it: "only advises where the route is for a gateway too",
      edits: [ambient, ["VirtualService payment", "spec.gateways", ["mesh", "entry"]]],
      on: "VirtualService demo/payment",
      level: "advisory",
    },
  ],
  passes: [
    {
      it: "passes a Service with a waypoint",
      edits: [ambient, declared, ["Service payment", label, "waypoint"]],
    },
    {
      it: "passes the Services of a namespace with a waypoint",
      edits: [
        declared,
        ["Namespace demo", "metadata.labels", { "istio.io/dataplane-mode": "ambient", [waypoint]: "waypoint" }],
        httpRoute,
      ],
    },
    {
      it: "passes routes for gateways and pods with sidecars",
      edits: [
        ambient,
        ["VirtualService payment", "spec.gateways", ["entry"]],
        ["Namespace tools", "metadata.labels", { "istio-injection": "enabled" }],
      ],
    },
  ],
  unknown: { edits: [["Namespace demo", "metadata.labels", unknown]], on: "VirtualService demo/payment" },
});

const forService: Edit = [
  "AuthorizationPolicy payment",
  "spec",
  {
    targetRefs: [{ group: "", kind: "Service", name: "payment" }],
    rules: [{ to: [{ operation: { methods: ["GET"] } }] }],
  },
];

specify(servicePolicyHasWaypoint, {
  violations: [
    {
      it: "finds a policy for a Service without a waypoint",
      edits: [ambient, forService],
      on: "AuthorizationPolicy demo/payment",
    },
    {
      it: "finds one in a mesh with sidecars",
      edits: [forService],
      on: "AuthorizationPolicy demo/payment",
    },
  ],
  passes: [
    {
      it: "passes a policy for a Service with a waypoint",
      edits: [ambient, declared, forService, ["Service payment", label, "waypoint"]],
    },
  ],
  unknown: {
    edits: [forService, ["Service payment", "metadata.labels", unknown]],
    on: "AuthorizationPolicy demo/payment",
  },
});

specify(waypointExists, {
  violations: [
    {
      it: "finds a waypoint that is not there",
      edits: [declared, ["Service payment", label, "waypiont"]],
      on: "Service demo/payment",
    },
    {
      it: "finds a waypoint of another namespace",
      edits: [declared, ["Namespace tools", label, "waypoint"]],
      on: "Namespace tools",
    },
    {
      it: "finds a Gateway that is none",
      edits: [
        declared,
        ["KubernetesGateway waypoint", "spec.gatewayClassName", "istio"],
        ["Service payment", label, "waypoint"],
      ],
      on: "Service demo/payment",
    },
  ],
  passes: [
    {
      it: "passes one that is there, and none",
      edits: [declared, ["Service payment", label, "waypoint"], ["Service user", label, "none"]],
    },
    {
      it: "passes one of the namespace that the label names",
      edits: [
        declared,
        ["Namespace tools", label, "waypoint"],
        ["Namespace tools", 'metadata.labels["istio.io/use-waypoint-namespace"]', "demo"],
      ],
    },
  ],
  unknown: { edits: [["Service payment", "metadata.labels", unknown]], on: "Service demo/payment" },
});
