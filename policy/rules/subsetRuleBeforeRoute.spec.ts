import { specify, unknown } from "../testing";
import { subsetRuleBeforeRoute } from "./subsetRuleBeforeRoute";

specify(subsetRuleBeforeRoute, {
  violations: [
    {
      it: "finds a route that does not wait",
      edits: [["VirtualService payment", "dependencies", []]],
      on: "VirtualService demo/payment",
    },
  ],
  passes: [
    { it: "does not ask it of routes without a subset", edits: [["VirtualService admin", "dependencies", []]] },
    { it: "leaves undefined subsets to the rule for them", edits: [["DestinationRule payment", "spec.subsets"]] },
  ],
  unknown: {
    edits: [["VirtualService payment", "spec.http[0].route[0].destination.subset", unknown]],
    on: "VirtualService demo/payment",
  },
});
