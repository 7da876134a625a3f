import { specify, unknown } from "../testing";
import { gatewayHostMatches } from "./gatewayHostMatches";

specify(gatewayHostMatches, {
  violations: [
    {
      it: "finds a host that the gateway does not open",
      edits: [["Gateway entry", "spec.servers[0].hosts[0]", "*.other.com"]],
      on: "VirtualService demo/entry",
      code: "IST0132",
    },
    {
      it: "finds a host kept for another namespace",
      edits: [["Gateway entry", "spec.servers[0].hosts[0]", "tools/*"]],
      on: "VirtualService demo/entry",
    },
  ],
  passes: [
    { it: "matches wildcards", edits: [["Gateway entry", "spec.servers[0].hosts[0]", "./*.example.com"]] },
    { it: "passes a route without gateways", edits: [["VirtualService entry", "spec.gateways"]] },
  ],
  unknown: { edits: [["VirtualService entry", "spec.hosts[0]", unknown]], on: "VirtualService demo/entry" },
});
