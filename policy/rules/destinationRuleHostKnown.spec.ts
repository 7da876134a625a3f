import { specify, unknown } from "../testing";
import { destinationRuleHostKnown } from "./destinationRuleHostKnown";

specify(destinationRuleHostKnown, {
  violations: [
    {
      it: "finds an unknown host",
      edits: [["DestinationRule payment", "spec.host", "payments"]],
      on: "DestinationRule demo/payment",
      code: "IST0174",
    },
    { it: "finds the ServiceEntry gone", edits: [["ServiceEntry api", ""]], on: "DestinationRule demo/api" },
  ],
  passes: [
    {
      it: "knows hosts outside",
      edits: [["DestinationRule payment", "spec.host", "old.example.com"]],
      settings: { externalHosts: ["old.example.com"] },
    },
    {
      it: "passes a wildcard over services",
      edits: [["DestinationRule payment", "spec.host", "*.demo.svc.cluster.local"]],
    },
    { it: "passes a rule without a host", edits: [["DestinationRule payment", "spec.host"]] },
  ],
  unknown: { edits: [["DestinationRule payment", "spec.host", unknown]], on: "DestinationRule demo/payment" },
});
