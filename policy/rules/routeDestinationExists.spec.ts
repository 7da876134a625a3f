import { specify, unknown } from "../testing";
import { routeDestinationExists } from "./routeDestinationExists";

specify(routeDestinationExists, {
  violations: [
    {
      it: "finds an unknown host",
      edits: [["VirtualService entry", "spec.http[0].route[0].destination.host", "users"]],
      on: "VirtualService demo/entry",
      code: "IST0101",
    },
    {
      it: "finds an unknown port",
      edits: [["VirtualService entry", "spec.http[0].route[0].destination.port.number", 8080]],
      on: "VirtualService demo/entry",
      code: "IST0101",
    },
    {
      it: "finds an ambiguous port",
      edits: [
        [
          "Service payment",
          "spec.ports",
          [
            { name: "http", port: 80, targetPort: 8080 },
            { name: "http-b", port: 81, targetPort: 8080 },
          ],
        ],
      ],
      on: "VirtualService demo/payment",
      code: "IST0112",
    },
    {
      it: "finds a mirror",
      edits: [["VirtualService entry", "spec.http[0].mirror", { host: "gone" }]],
      on: "VirtualService demo/entry",
    },
    {
      it: "finds a host that is not exported here",
      edits: [
        ["Service user", "metadata.namespace", "tools"],
        ["Service user", 'metadata.annotations["networking.istio.io/exportTo"]', "."],
        ["VirtualService entry", "spec.http[0].route[0].destination.host", "user.tools.svc.cluster.local"],
      ],
      on: "VirtualService demo/entry",
    },
  ],
  passes: [
    {
      it: "knows hosts outside",
      edits: [["VirtualService entry", "spec.http[0].route[0].destination.host", "old.example.com"]],
      settings: { externalHosts: ["*.example.com"] },
    },
    {
      it: "leaves open worlds alone",
      edits: [["VirtualService entry", "spec.http[0].route[0].destination.host", "users"]],
      settings: { closedWorld: false },
    },
    {
      it: "passes a route without a destination",
      edits: [["VirtualService entry", "spec.http[0].route[0].destination"]],
    },
    {
      it: "does not know what other charts install",
      edits: [
        ["+Release shop", "", { chart: "shop", name: "shop", namespace: "shop" }],
        ["VirtualService entry", "spec.http[0].route[0].destination.host", "web.shop.svc.cluster.local"],
      ],
    },
  ],
  unknown: {
    edits: [["VirtualService entry", "spec.http[0].route[0].destination.host", unknown]],
    on: "VirtualService demo/entry",
  },
});
