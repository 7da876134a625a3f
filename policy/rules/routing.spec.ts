import { httpRoute, specify, unknown } from "../../test/support/policyStack";
import {
  delegateValid,
  ingressSubsetEffective,
  meshHostsUnique,
  retriesNeedTimeout,
  routeDestinationExists,
  routeProtocolFits,
  subsetDefined,
  subsetRuleBeforeRoute,
} from "./routing";

const toDelegate = [{ match: [{ uri: { prefix: "/user" } }], delegate: { name: "part" } }];
const part = { http: [{ route: [{ destination: { host: "user" } }] }] };

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

specify(subsetRuleBeforeRoute, {
  violations: [
    {
      it: "finds a route that does not wait",
      edits: [["VirtualService payment", "dependencies", []]],
      on: "VirtualService demo/payment",
    },
  ],
  passes: [
    { it: "does not ask it of routes without a subset", edits: [["VirtualService admin", "dependencies", []]] },
    { it: "leaves undefined subsets to the rule for them", edits: [["DestinationRule payment", "spec.subsets"]] },
  ],
  unknown: {
    edits: [["VirtualService payment", "spec.http[0].route[0].destination.subset", unknown]],
    on: "VirtualService demo/payment",
  },
});

specify(retriesNeedTimeout, {
  violations: [
    {
      it: "finds an HTTPRoute with retries and no timeout",
      edits: [httpRoute("user", "user", { retry: { attempts: 3 } })],
      on: "HTTPRoute demo/user",
    },
    {
      it: "finds an HTTPRoute whose timeout ends with the first try",
      edits: [httpRoute("user", "user", { retry: { attempts: 3 }, timeouts: { request: "2s", backendRequest: "2s" } })],
      on: "HTTPRoute demo/user",
    },
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
    {
      it: "passes an HTTPRoute with time for each try",
      edits: [httpRoute("user", "user", { retry: { attempts: 3 }, timeouts: { request: "9s", backendRequest: "2s" } })],
    },
    { it: "passes retries that are off", edits: [["VirtualService entry", "spec.http[0].retries", { attempts: 0 }]] },
    { it: "passes a rule without retries", edits: [["VirtualService entry", "spec.http[0].retries"]] },
  ],
  unknown: { edits: [["VirtualService entry", "spec.http[0].timeout", unknown]], on: "VirtualService demo/entry" },
});

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

specify(ingressSubsetEffective, {
  violations: [
    {
      it: "finds an HTTPRoute past the subsets",
      edits: [httpRoute("payment", "payment")],
      on: "HTTPRoute demo/payment",
    },
    {
      it: "finds a gateway route past the subsets",
      edits: [["VirtualService entry", "spec.http[1].route[0].destination.subset"]],
      on: "VirtualService demo/entry",
      code: "IST0140",
    },
  ],
  passes: [
    {
      it: "passes an HTTPRoute that leads to a Service of a version besides, or to none that has subsets",
      edits: [
        [
          "+Service payment-v1",
          "",
          {
            spec: {
              selector: { app: "payment", version: "v1" },
              ports: [{ name: "http", port: 80, targetPort: 8080 }],
            },
          },
        ],
        httpRoute("payment", "payment", {
          backendRefs: [
            { name: "payment-v1", port: 80 },
            { name: "payment", port: 80 },
          ],
        }),
        httpRoute("user", "user"),
      ],
    },
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

specify(routeProtocolFits, {
  violations: [
    {
      it: "finds rules that a gateway's server never asks",
      edits: [
        ["Gateway entry", "spec.servers[0].port", { number: 443, name: "tls", protocol: "TLS" }],
        ["Gateway entry", "spec.servers[0].tls", { mode: "PASSTHROUGH" }],
      ],
      on: "VirtualService demo/entry",
    },
    {
      it: "finds http rules on a port of TCP",
      edits: [["Service payment", "spec.ports[0].name", "tcp-pay"]],
      on: "VirtualService demo/payment",
    },
  ],
  passes: [
    { it: "passes a port whose protocol is detected", edits: [["Service payment", "spec.ports[0].name", "pay"]] },
    { it: "passes GRPC", edits: [["Service payment", "spec.ports[0].name", "grpc-pay"]] },
  ],
  unknown: { edits: [["VirtualService entry", "spec.http", unknown]], on: "VirtualService demo/entry" },
});

specify(delegateValid, {
  violations: [
    {
      it: "finds a delegate that is not there",
      edits: [["VirtualService entry", "spec.http", toDelegate]],
      on: "VirtualService demo/entry",
    },
    {
      it: "finds a delegate with hosts",
      edits: [
        ["VirtualService entry", "spec.http", toDelegate],
        ["+VirtualService part", "", { spec: { ...part, hosts: ["user"] } }],
      ],
      on: "VirtualService demo/entry",
    },
  ],
  passes: [
    {
      it: "passes a delegate",
      edits: [
        ["VirtualService entry", "spec.http", toDelegate],
        ["+VirtualService part", "", { spec: part }],
      ],
    },
  ],
  unknown: { edits: [["VirtualService entry", "spec.http", unknown]], on: "VirtualService demo/entry" },
});
