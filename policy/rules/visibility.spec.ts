import { specify, unknown } from "../../test/support/policyStack";
import { gatewaySeesRoute, sidecarEgressKnown } from "./visibility";

specify(sidecarEgressKnown, {
  violations: [
    {
      it: "finds a host that is not there",
      edits: [["Sidecar default", "spec.egress[0].hosts", ["./*", "demo/usr.demo.svc.cluster.local"]]],
      on: "Sidecar demo/default",
    },
    {
      it: "finds a route to what the Sidecar does not open",
      edits: [["Sidecar default", "spec.egress[0].hosts", ["istio-system/*"]]],
      on: "VirtualService demo/payment",
    },
  ],
  passes: [
    {
      it: "passes hosts that are there",
      edits: [
        ["Sidecar default", "spec.egress[0].hosts", ["demo/*", "./user.demo.svc.cluster.local", "*/api.example.com"]],
      ],
    },
  ],
  unknown: { edits: [["Sidecar default", "spec.egress", unknown]], on: "Sidecar demo/default" },
});

specify(gatewaySeesRoute, {
  violations: [
    {
      it: "finds a route that is not exported to the gateway",
      edits: [["VirtualService entry", "spec.exportTo", ["."]]],
      on: "VirtualService demo/entry",
    },
    {
      it: "finds a Service that is not exported to the gateway",
      edits: [["Service user", 'metadata.annotations["networking.istio.io/exportTo"]', "."]],
      on: "VirtualService demo/entry",
    },
  ],
  passes: [{ it: "passes a route that is", edits: [["VirtualService entry", "spec.exportTo", [".", "istio-system"]]] }],
  unknown: { edits: [["VirtualService entry", "spec.exportTo", unknown]], on: "VirtualService demo/entry" },
});
