import { specify, unknown } from "../testing";
import { authzTargetsExist } from "./authzTargetsExist";

specify(authzTargetsExist, {
  violations: [
    {
      it: "finds a selector that takes nothing",
      edits: [["AuthorizationPolicy payment", "spec.selector.matchLabels.app", "payments"]],
      on: "AuthorizationPolicy demo/payment",
      code: "IST0127",
    },
    {
      it: "finds an unknown namespace",
      edits: [["AuthorizationPolicy payment", "spec.rules[0].from[1].source.namespaces[0]", "dmeo"]],
      on: "AuthorizationPolicy demo/payment",
      code: "IST0101",
    },
    {
      it: "finds an unknown account",
      edits: [
        ["AuthorizationPolicy payment", "spec.rules[0].from[0].source.principals[0]", "cluster.local/ns/demo/sa/users"],
      ],
      on: "AuthorizationPolicy demo/payment",
      code: "KIA0106",
    },
    {
      it: "finds an unknown host",
      edits: [
        [
          "AuthorizationPolicy payment",
          "spec.rules[0].to",
          [{ operation: { hosts: ["payments.demo.svc.cluster.local"] } }],
        ],
      ],
      on: "AuthorizationPolicy demo/payment",
      code: "KIA0104",
    },
  ],
  passes: [
    {
      it: "matches patterns of namespaces",
      edits: [["AuthorizationPolicy payment", "spec.rules[0].from[1].source.namespaces[0]", "de*"]],
    },
    {
      it: "knows the accounts of gateways",
      edits: [
        [
          "AuthorizationPolicy payment",
          "spec.rules[0].from[0].source.principals[0]",
          "cluster.local/ns/istio-system/sa/istio-ingressgateway",
        ],
      ],
    },
    { it: "passes a policy without rules", edits: [["AuthorizationPolicy payment", "spec.rules"]] },
    {
      it: "leaves open worlds alone",
      edits: [["AuthorizationPolicy payment", "spec.selector.matchLabels.app", "x"]],
      settings: { closedWorld: false },
    },
  ],
  unknown: {
    edits: [["AuthorizationPolicy payment", "spec.selector", unknown]],
    on: "AuthorizationPolicy demo/payment",
  },
});
