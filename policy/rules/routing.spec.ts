import { specify, unknown, type Edit } from "../../test/support/policyStack";
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
  delegateValid,
  gatewayRoutesDisjoint,
  portSettingsKeepTls,
  routeProtocolFits,
  tlsBegunOnce,
  uriMatchLiteral,
} from "./routing";

/** An HTTPRoute of a gateway to a Service, and what more its rule says. */
const httpRoute = (name: string, service: string, rule: object = {}): Edit => [
  `+HTTPRoute ${name}`,
  "",
  {
    spec: {
      parentRefs: [{ name: "edge", namespace: "istio-system" }],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/v2" } }],
          backendRefs: [{ name: service, port: 80 }],
          ...rule,
        },
      ],
    },
  },
];

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

specify(uriMatchLiteral, {
  violations: [
    {
      it: "finds a star in a prefix",
      edits: [["VirtualService entry", "spec.http[1].match[0].uri.prefix", "/payment/*"]],
      on: "VirtualService demo/entry",
    },
    {
      it: "finds a regular expression in an exact value",
      edits: [["VirtualService entry", "spec.http[0].match[0].uri.exact", "^/user/.+"]],
      on: "VirtualService demo/entry",
    },
  ],
  passes: [
    {
      it: "passes what paths may hold",
      edits: [["VirtualService entry", "spec.http[1].match[0].uri.prefix", "/payment/v1.2/$batch(1)+x"]],
    },
  ],
  unknown: { edits: [["VirtualService entry", "spec.http", unknown]], on: "VirtualService demo/entry" },
});

const toDelegate = [{ match: [{ uri: { prefix: "/user" } }], delegate: { name: "part" } }];
const part = { http: [{ route: [{ destination: { host: "user" } }] }] };

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

const other = (prefix: string) => ({
  spec: {
    hosts: ["shop.example.com"],
    gateways: ["entry"],
    http: [{ match: [{ uri: { prefix } }], route: [{ destination: { host: "user" } }] }],
  },
});

specify(gatewayRoutesDisjoint, {
  violations: [
    {
      it: "finds two HTTPRoutes with the same match at one gateway",
      edits: [httpRoute("one", "user"), httpRoute("two", "payment")],
      on: "HTTPRoute demo/two",
    },
    {
      it: "finds a prefix within another's",
      edits: [["+VirtualService other", "", other("/payment/v2")]],
      on: "VirtualService demo/other",
    },
  ],
  passes: [
    {
      it: "passes HTTPRoutes of which one is narrower, for another host, or on another port",
      edits: [
        httpRoute("one", "user"),
        httpRoute("two", "user", { matches: [{ path: { type: "PathPrefix", value: "/v2/x" } }] }),
        httpRoute("three", "user"),
        ["HTTPRoute three", "spec.hostnames", ["three.example"]],
        httpRoute("four", "user"),
        ["HTTPRoute four", "spec.parentRefs[0].port", 8080],
      ],
    },
    { it: "passes the rule for everything else", edits: [["+VirtualService other", "", other("/")]] },
    { it: "passes another prefix", edits: [["+VirtualService other", "", other("/orders")]] },
  ],
  unknown: { edits: [["VirtualService entry", "spec.http", unknown]], on: "VirtualService demo/entry" },
});

const limits = [{ port: { number: 443 }, connectionPool: { tcp: { maxConnections: 5 } } }];

specify(portSettingsKeepTls, {
  violations: [
    {
      it: "finds settings of a port that drop TLS",
      edits: [["DestinationRule api", "spec.trafficPolicy.portLevelSettings", limits]],
      on: "DestinationRule demo/api",
    },
  ],
  passes: [
    {
      it: "passes where Istio chooses TLS by itself",
      edits: [["DestinationRule payment", "spec.trafficPolicy.portLevelSettings", limits]],
    },
  ],
  unknown: { edits: [["DestinationRule api", "spec.trafficPolicy", unknown]], on: "DestinationRule demo/api" },
});

specify(tlsBegunOnce, {
  violations: [
    {
      it: "finds an HTTPRoute to a port of HTTPS",
      edits: [["Service user", "spec.ports[0].name", "https"], httpRoute("user", "user"), ["VirtualService entry", ""]],
      on: "HTTPRoute demo/user",
    },
    {
      it: "finds TLS within TLS",
      edits: [["ServiceEntry api", "spec.ports", [{ number: 443, name: "https", protocol: "HTTPS" }]]],
      on: "DestinationRule demo/api",
    },
    {
      it: "finds plain text to a port of HTTPS",
      edits: [["Service user", "spec.ports[0].name", "https"]],
      on: "VirtualService demo/entry",
    },
  ],
  passes: [
    {
      it: "passes an http rule to a port for which a DestinationRule begins TLS",
      edits: [
        ["ServiceEntry api", "spec.ports", [{ number: 443, name: "https", protocol: "HTTPS" }]],
        [
          "VirtualService entry",
          "spec.http[0].route[0].destination",
          { host: "api.example.com", port: { number: 443 } },
        ],
      ],
    },
  ],
  unknown: { edits: [["DestinationRule api", "spec.trafficPolicy", unknown]], on: "DestinationRule demo/api" },
});
