import { specify, unknown } from "../testing";
import {
  destinationRuleHostKnown,
  destinationRuleOnLookupPath,
  ingressSubsetEffective,
  meshHostsUnique,
  retriesNeedTimeout,
  routeDestinationExists,
  subsetDefined,
  subsetRuleBeforeRoute,
  subsetSelectsPods,
  unreachableRoute,
} from "./routing";

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

specify(subsetSelectsPods, {
  violations: [
    {
      it: "finds a subset without pods",
      edits: [["DestinationRule payment", "spec.subsets[0].labels.version", "v9"]],
      on: "DestinationRule demo/payment",
      code: "IST0173",
    },
    {
      it: "counts pods of the host only",
      edits: [["Deployment payment", "spec.template.metadata.labels.version", "v2"]],
      on: "DestinationRule demo/payment",
    },
  ],
  passes: [
    { it: "passes a rule without subsets", edits: [["DestinationRule payment", "spec.subsets"]] },
    {
      it: "takes pods of any node for a zone",
      edits: [["DestinationRule payment", "spec.subsets[0].labels", { "topology.kubernetes.io/zone": "a" }]],
    },
  ],
  unknown: {
    edits: [["DestinationRule payment", "spec.subsets[0].labels", unknown]],
    on: "DestinationRule demo/payment",
  },
});

specify(destinationRuleHostKnown, {
  violations: [
    {
      it: "finds an unknown host",
      edits: [["DestinationRule payment", "spec.host", "payments"]],
      on: "DestinationRule demo/payment",
      code: "IST0174",
    },
    { it: "finds the ServiceEntry gone", edits: [["ServiceEntry api", ""]], on: "DestinationRule demo/api" },
  ],
  passes: [
    {
      it: "knows hosts outside",
      edits: [["DestinationRule payment", "spec.host", "old.example.com"]],
      settings: { externalHosts: ["old.example.com"] },
    },
    {
      it: "passes a wildcard over services",
      edits: [["DestinationRule payment", "spec.host", "*.demo.svc.cluster.local"]],
    },
    { it: "passes a rule without a host", edits: [["DestinationRule payment", "spec.host"]] },
  ],
  unknown: { edits: [["DestinationRule payment", "spec.host", unknown]], on: "DestinationRule demo/payment" },
});

specify(destinationRuleOnLookupPath, {
  violations: [
    {
      it: "finds a rule in another namespace",
      edits: [
        ["DestinationRule payment", "metadata.namespace", "tools"],
        ["DestinationRule payment", "spec.host", "payment.demo.svc.cluster.local"],
      ],
      on: "DestinationRule tools/payment",
      code: "KIA0209",
    },
  ],
  passes: [
    {
      it: "passes the root namespace",
      edits: [
        ["DestinationRule payment", "metadata.namespace", "istio-system"],
        ["DestinationRule payment", "spec.host", "payment.demo.svc.cluster.local"],
      ],
    },
    { it: "passes a rule without a host", edits: [["DestinationRule payment", "spec.host"]] },
  ],
  unknown: { edits: [["DestinationRule payment", "spec.host", unknown]], on: "DestinationRule demo/payment" },
});

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
