import { specify, unknown } from "../testing";
import { jwtRouteHasAuthn } from "./jwtRouteHasAuthn";

specify(jwtRouteHasAuthn, {
  violations: [
    {
      it: "finds the RequestAuthentication gone",
      edits: [["RequestAuthentication gateway", ""]],
      on: "VirtualService demo/admin",
      code: "IST0149",
    },
    {
      it: "finds one for other pods",
      edits: [["RequestAuthentication gateway", "spec.selector.matchLabels", { app: "other" }]],
      on: "VirtualService demo/admin",
    },
  ],
  passes: [
    { it: "passes one for the whole mesh", edits: [["RequestAuthentication gateway", "spec.selector"]] },
    { it: "passes a route without a match", edits: [["VirtualService admin", "spec.http[0].match"]] },
  ],
  unknown: { edits: [["VirtualService admin", "spec.http[0].match", unknown]], on: "VirtualService demo/admin" },
});
