import { specify, unknown } from "../testing";
import { subsetSelectsPods } from "./subsetSelectsPods";

specify(subsetSelectsPods, {
  violations: [
    {
      it: "finds a subset without pods",
      edits: [["DestinationRule payment", "spec.subsets[0].labels.version", "v9"]],
      on: "DestinationRule demo/payment",
      code: "IST0173",
    },
    {
      it: "counts pods of the host only",
      edits: [["Deployment payment", "spec.template.metadata.labels.version", "v2"]],
      on: "DestinationRule demo/payment",
    },
  ],
  passes: [
    { it: "passes a rule without subsets", edits: [["DestinationRule payment", "spec.subsets"]] },
    {
      it: "takes pods of any node for a zone",
      edits: [["DestinationRule payment", "spec.subsets[0].labels", { "topology.kubernetes.io/zone": "a" }]],
    },
  ],
  unknown: {
    edits: [["DestinationRule payment", "spec.subsets[0].labels", unknown]],
    on: "DestinationRule demo/payment",
  },
});
