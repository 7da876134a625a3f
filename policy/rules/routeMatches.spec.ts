import { httpRoute, specify, unknown } from "../../test/support/policyStack";
import { gatewayRoutesDisjoint, unreachableRoute, uriMatchLiteral } from "./routeMatches";

const other = (prefix: string) => ({
  spec: {
    hosts: ["shop.example.com"],
    gateways: ["entry"],
    http: [{ match: [{ uri: { prefix } }], route: [{ destination: { host: "user" } }] }],
  },
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
