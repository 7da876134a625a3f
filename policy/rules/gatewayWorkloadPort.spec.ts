import { specify, unknown } from "../testing";
import { gatewayWorkloadPort } from "./gatewayWorkloadPort";

specify(gatewayWorkloadPort, {
  violations: [
    {
      it: "finds a selector that takes nothing",
      edits: [["Gateway entry", "spec.selector.istio", "ingress"]],
      on: "Gateway demo/entry",
      code: "IST0101",
    },
    {
      it: "finds a port that the Service lacks",
      edits: [["Gateway entry", "spec.servers[0].port.number", 8080]],
      on: "Gateway demo/entry",
      code: "IST0162",
    },
    {
      it: "finds the gateway's release named otherwise",
      edits: [["Release gateway", "name", "edge"]],
      on: "Gateway demo/entry",

      code: "IST0101",
    },
  ],
  passes: [
    {
      it: "reads the labels of the release",
      edits: [
        ["Release gateway", "values.labels", { istio: "edge" }],
        ["Gateway entry", "spec.selector.istio", "edge"],
      ],
    },
    {
      it: "reads the ports of the release",
      edits: [
        ["Release gateway", "values.service.ports", [{ name: "http", port: 8080, targetPort: 8080 }]],
        ["Gateway entry", "spec.servers[0].port.number", 8080],
      ],
    },
    { it: "passes a gateway without servers", edits: [["Gateway entry", "spec.servers"]] },
  ],
  unknown: { edits: [["Gateway entry", "spec.selector", unknown]], on: "Gateway demo/entry" },
});
