import { httpRoute, specify, unknown } from "../../test/support/policyStack";
import {
  destinationRuleHostKnown,
  destinationRuleOnLookupPath,
  portSettingsKeepTls,
  subsetSelectsPods,
  tlsBegunOnce,
} from "./destinationRules";

const limits = [{ port: { number: 443 }, connectionPool: { tcp: { maxConnections: 5 } } }];

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
