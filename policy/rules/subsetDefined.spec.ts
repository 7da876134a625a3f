import { specify, unknown } from "../testing";
import { subsetDefined } from "./subsetDefined";

specify(subsetDefined, {
  violations: [
    {
      it: "finds a subset that is not defined",
      edits: [["VirtualService payment", "spec.http[0].route[0].destination.subset", "v2"]],
      on: "VirtualService demo/payment",
      code: "IST0101",
    },
    {
      it: "finds the DestinationRule gone",
      edits: [["DestinationRule payment", ""]],
      on: "VirtualService demo/payment",
    },
  ],
  passes: [
    {
      it: "passes a route without a subset",
      edits: [["VirtualService payment", "spec.http[0].route[0].destination.subset"]],
    },
    { it: "resolves full names", edits: [["DestinationRule payment", "spec.host", "payment.demo.svc.cluster.local"]] },
  ],
  unknown: {
    edits: [["VirtualService payment", "spec.http[0].route[0].destination.subset", unknown]],
    on: "VirtualService demo/payment",
  },
});
