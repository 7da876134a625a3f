import { specify, unknown } from "../testing";
import { gatewaySelectorEffective } from "./gatewaySelectorEffective";

specify(gatewaySelectorEffective, {
  violations: [
    {
      it: "finds a selector for a gateway of the Gateway API",
      edits: [
        ["Deployment payment", 'spec.template.metadata.labels["gateway.networking.k8s.io/gateway-name"]', "entry"],
      ],
      on: "AuthorizationPolicy demo/payment",
      code: "IST0166",
    },
  ],
  passes: [
    {
      it: "passes target references",
      edits: [
        ["Deployment payment", 'spec.template.metadata.labels["gateway.networking.k8s.io/gateway-name"]', "entry"],
        ["AuthorizationPolicy payment", "spec.targetRefs", [{ kind: "Gateway", name: "entry" }]],
      ],
    },
    { it: "passes a policy without a selector", edits: [["AuthorizationPolicy payment", "spec.selector"]] },
  ],
  unknown: {
    edits: [["AuthorizationPolicy payment", "spec.selector", unknown]],
    on: "AuthorizationPolicy demo/payment",
  },
});
