import { specify, unknown } from "../testing";
import { destinationRuleOnLookupPath } from "./destinationRuleOnLookupPath";

specify(destinationRuleOnLookupPath, {
  violations: [
    {
      it: "finds a rule in another namespace",
      edits: [
        ["DestinationRule payment", "metadata.namespace", "tools"],
        ["DestinationRule payment", "spec.host", "payment.demo.svc.cluster.local"],
      ],
      on: "DestinationRule tools/payment",
      code: "KIA0209",
    },
  ],
  passes: [
    {
      it: "passes the root namespace",
      edits: [
        ["DestinationRule payment", "metadata.namespace", "istio-system"],
        ["DestinationRule payment", "spec.host", "payment.demo.svc.cluster.local"],
      ],
    },
    { it: "passes a rule without a host", edits: [["DestinationRule payment", "spec.host"]] },
  ],
  unknown: { edits: [["DestinationRule payment", "spec.host", unknown]], on: "DestinationRule demo/payment" },
});
