import { specify, unknown } from "../testing";
import { retriesNeedTimeout } from "./retriesNeedTimeout";

specify(retriesNeedTimeout, {
  violations: [
    {
      it: "finds retries without a timeout",
      edits: [
        ["VirtualService entry", "spec.http[0].timeout"],
        ["VirtualService entry", "spec.http[0].retries.perTryTimeout"],
      ],
      on: "VirtualService demo/entry",
    },
    {
      it: "finds a timeout that ends with the first try",
      edits: [["VirtualService entry", "spec.http[0].timeout", "2s"]],
      on: "VirtualService demo/entry",
    },
  ],
  passes: [
    { it: "passes retries that are off", edits: [["VirtualService entry", "spec.http[0].retries", { attempts: 0 }]] },
    { it: "passes a rule without retries", edits: [["VirtualService entry", "spec.http[0].retries"]] },
  ],
  unknown: { edits: [["VirtualService entry", "spec.http[0].timeout", unknown]], on: "VirtualService demo/entry" },
});
