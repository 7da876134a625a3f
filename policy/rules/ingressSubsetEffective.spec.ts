import { specify, unknown } from "../testing";
import { ingressSubsetEffective } from "./ingressSubsetEffective";

specify(ingressSubsetEffective, {
  violations: [
    {
      it: "finds a gateway route past the subsets",
      edits: [["VirtualService entry", "spec.http[1].route[0].destination.subset"]],
      on: "VirtualService demo/entry",
      code: "IST0140",
    },
  ],
  passes: [
    {
      it: "passes where the mesh chooses none",
      edits: [
        ["VirtualService entry", "spec.http[1].route[0].destination.subset"],
        ["VirtualService payment", ""],
      ],
    },
    {
      it: "passes a route without a destination",
      edits: [["VirtualService entry", "spec.http[1].route[0].destination"]],
    },
  ],
  unknown: {
    edits: [["VirtualService entry", "spec.http[1].route[0].destination.subset", unknown]],
    on: "VirtualService demo/entry",
  },
});
