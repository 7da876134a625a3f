import { specify, unknown } from "../testing";
import { unreachableRoute } from "./unreachableRoute";

specify(unreachableRoute, {
  violations: [
    {
      it: "finds a rule behind one that matches everything",
      edits: [["VirtualService entry", "spec.http[0].match"]],
      on: "VirtualService demo/entry",
      code: "IST0130",
    },
    {
      it: "finds a match that is there twice",
      edits: [["VirtualService entry", "spec.http[1].match", [{ uri: { exact: "/user" } }]]],
      on: "VirtualService demo/entry",
      code: "IST0131",
    },
    {
      it: "finds a narrower prefix behind a wider one",
      edits: [["VirtualService entry", "spec.http[0].match", [{ uri: { prefix: "/pay" } }]]],
      on: "VirtualService demo/entry",
      code: "IST0131",
    },
  ],
  passes: [
    { it: "passes the widest last", edits: [["VirtualService entry", "spec.http[1].match"]] },
    { it: "passes a service without rules", edits: [["VirtualService entry", "spec.http"]] },
  ],
  unknown: { edits: [["VirtualService entry", "spec.http[0].match", unknown]], on: "VirtualService demo/entry" },
});
