import { specify, unknown } from "../testing";
import { meshHostsUnique } from "./meshHostsUnique";

specify(meshHostsUnique, {
  violations: [
    {
      it: "finds two routes for a host",
      edits: [
        [
          "+VirtualService twin",
          "",
          {
            spec: {
              hosts: ["payment.demo.svc.cluster.local"],
              http: [{ route: [{ destination: { host: "payment" } }] }],
            },
          },
        ],
      ],
      on: "VirtualService demo/twin",
      code: "IST0109",
    },
    {
      it: "names the other as well",
      edits: [["+VirtualService twin", "", { spec: { hosts: ["payment"] } }]],
      on: "VirtualService demo/payment",
    },
  ],
  passes: [
    { it: "passes another host", edits: [["+VirtualService twin", "", { spec: { hosts: ["user"] } }]] },
    {
      it: "passes a route for a gateway",
      edits: [["+VirtualService twin", "", { spec: { hosts: ["payment"], gateways: ["entry"] } }]],
    },
    {
      it: "passes routes that no namespace sees both of",
      edits: [
        ["VirtualService payment", "spec.exportTo", ["."]],
        [
          "+VirtualService twin",
          "",
          { metadata: { namespace: "tools" }, spec: { hosts: ["payment.demo.svc.cluster.local"], exportTo: ["."] } },
        ],
      ],
    },
  ],
  unknown: { edits: [["VirtualService payment", "spec.hosts", unknown]], on: "VirtualService demo/payment" },
});
