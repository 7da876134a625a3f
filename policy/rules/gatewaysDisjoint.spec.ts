import { specify, unknown } from "../testing";
import { gatewaysDisjoint } from "./gatewaysDisjoint";

specify(gatewaysDisjoint, {
  violations: [
    {
      it: "finds one host on one port twice",
      edits: [
        [
          "+Gateway twin",
          "",
          {
            spec: {
              selector: { istio: "ingressgateway" },
              servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
            },
          },
        ],
      ],
      on: "Gateway demo/twin",
      code: "IST0145",
    },
    {
      it: "compares selectors by the pods that they take",
      edits: [
        [
          "+Gateway twin",
          "",
          {
            spec: {
              selector: { app: "istio-ingressgateway" },
              servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
            },
          },
        ],
      ],
      on: "Gateway demo/entry",
    },
  ],
  passes: [
    {
      it: "passes another port",
      edits: [
        [
          "+Gateway twin",
          "",
          { spec: { selector: { istio: "ingressgateway" }, servers: [{ port: { number: 443 }, hosts: ["*"] }] } },
        ],
      ],
    },
    {
      it: "passes another workload",
      edits: [
        [
          "+Gateway twin",
          "",
          { spec: { selector: { istio: "egressgateway" }, servers: [{ port: { number: 80 }, hosts: ["*"] }] } },
        ],
      ],
    },
    { it: "passes a gateway without servers", edits: [["Gateway entry", "spec.servers"]] },
  ],
  unknown: { edits: [["Gateway entry", "spec.servers", unknown]], on: "Gateway demo/entry" },
});
