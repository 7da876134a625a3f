import { specify, unknown } from "../../test/support/policyStack";
import {
  authzRuleMatches,
  authzFieldsFitProtocol,
  policyPortsOfContainers,
  authzHasCredentials,
  requestAuthenticationEnforced,
  authzNotOpen,
  authzProviderKnown,
} from "./authorization";

const source = "spec.rules[0].from[0].source";
const operation = "spec.rules[0].to";

specify(authzRuleMatches, {
  violations: [
    {
      it: "finds a principal with its scheme",
      edits: [["AuthorizationPolicy payment", `${source}.principals[0]`, "spiffe://cluster.local/ns/demo/sa/user"]],
      on: "AuthorizationPolicy demo/payment",
    },
    {
      it: "finds a method in lower case",
      edits: [["AuthorizationPolicy payment", operation, [{ operation: { methods: ["post"] } }]]],
      on: "AuthorizationPolicy demo/payment",
    },
    {
      it: "finds two stars in a path",
      edits: [["AuthorizationPolicy payment", operation, [{ operation: { paths: ["*/admin/*"] } }]]],
      on: "AuthorizationPolicy demo/payment",
    },
    {
      it: "finds a path without a slash",
      edits: [["AuthorizationPolicy payment", operation, [{ operation: { paths: ["admin/*"] } }]]],
      on: "AuthorizationPolicy demo/payment",
    },
    {
      it: "finds a host with a scheme",
      edits: [["AuthorizationPolicy payment", operation, [{ operation: { hosts: ["https://shop.example.com"] } }]]],
      on: "AuthorizationPolicy demo/payment",
    },
  ],
  passes: [
    {
      it: "passes stars at the ends, templates, and methods of other protocols",
      edits: [
        [
          "AuthorizationPolicy payment",
          operation,
          [
            {
              operation: {
                paths: ["/a/*", "*.png", "*", "/x/{*}/y/{**}"],
                methods: ["GET", "PROPFIND"],
                hosts: ["*.example.com"],
              },
            },
          ],
        ],
      ],
    },
    {
      it: "passes principals with a star at an end",
      edits: [
        ["AuthorizationPolicy payment", `${source}.principals`, ["*/ns/demo/sa/user", "cluster.local/ns/demo/*", "*"]],
      ],
    },
  ],
  unknown: {
    edits: [["AuthorizationPolicy payment", `${source}.principals`, unknown]],
    on: "AuthorizationPolicy demo/payment",
  },
});

specify(authzFieldsFitProtocol, {
  violations: [
    {
      it: "finds a method on a port of TCP",
      edits: [
        ["AuthorizationPolicy payment", "spec.selector.matchLabels.app", "store"],
        ["AuthorizationPolicy payment", operation, [{ operation: { methods: ["GET"] } }]],
      ],
      on: "AuthorizationPolicy demo/payment",
    },
  ],
  passes: [
    {
      it: "passes a method on a port of HTTP",
      edits: [["AuthorizationPolicy payment", operation, [{ operation: { methods: ["GET"] } }]]],
    },
    {
      it: "passes a port on a port of TCP",
      edits: [
        ["AuthorizationPolicy payment", "spec.selector.matchLabels.app", "store"],
        ["AuthorizationPolicy payment", operation, [{ operation: { ports: ["6379"] } }]],
      ],
    },
  ],
  unknown: { edits: [["AuthorizationPolicy payment", "spec.rules", unknown]], on: "AuthorizationPolicy demo/payment" },
});

specify(policyPortsOfContainers, {
  violations: [
    {
      it: "finds a Service's port in a rule",
      edits: [["AuthorizationPolicy payment", operation, [{ operation: { ports: ["80"] } }]]],
      on: "AuthorizationPolicy demo/payment",
    },
    {
      it: "finds a Service's port in portLevelMtls",
      edits: [
        [
          "+PeerAuthentication user",
          "",
          { spec: { selector: { matchLabels: { app: "user" } }, portLevelMtls: { 80: { mode: "PERMISSIVE" } } } },
        ],
      ],
      on: "PeerAuthentication demo/user",
    },
  ],
  passes: [
    {
      it: "passes a container's port",
      edits: [["AuthorizationPolicy payment", operation, [{ operation: { ports: ["8080"] } }]]],
    },
  ],
  unknown: { edits: [["AuthorizationPolicy payment", operation, unknown]], on: "AuthorizationPolicy demo/payment" },
});

specify(authzHasCredentials, {
  violations: [
    {
      it: "finds claims that nothing reads",
      edits: [["AuthorizationPolicy payment", `${source}.requestPrincipals`, ["*"]]],
      on: "AuthorizationPolicy demo/payment",
    },
    {
      it: "finds principals where mutual TLS is off",
      edits: [["PeerAuthentication default", "spec.mtls.mode", "DISABLE"]],
      on: "AuthorizationPolicy demo/payment",
    },
  ],
  passes: [
    {
      it: "passes claims that a RequestAuthentication reads",
      edits: [
        ["AuthorizationPolicy payment", `${source}.requestPrincipals`, ["*"]],
        [
          "+RequestAuthentication all",
          "",
          { spec: { jwtRules: [{ issuer: "a", jwksUri: "https://a.example.com/keys" }] } },
        ],
      ],
    },
  ],
  unknown: { edits: [["AuthorizationPolicy payment", "spec.rules", unknown]], on: "AuthorizationPolicy demo/payment" },
});

specify(requestAuthenticationEnforced, {
  violations: [
    {
      it: "finds a RequestAuthentication without a policy",
      edits: [
        ["VirtualService admin", ""],
        [
          "+RequestAuthentication user",
          "",
          {
            spec: {
              selector: { matchLabels: { app: "user" } },
              jwtRules: [{ issuer: "a", jwksUri: "https://a.example.com/keys" }],
            },
          },
        ],
      ],
      on: "RequestAuthentication demo/user",
    },
  ],
  unknown: {
    edits: [["RequestAuthentication gateway", "spec.selector", unknown]],
    on: "RequestAuthentication istio-system/gateway",
  },
});

specify(authzNotOpen, {
  violations: [
    {
      it: "finds an empty rule",
      edits: [["AuthorizationPolicy payment", "spec.rules", [{}]]],
      on: "AuthorizationPolicy demo/payment",
    },
  ],
  passes: [
    {
      it: "passes a policy that denies everything",
      edits: [
        ["AuthorizationPolicy payment", "spec.action", "DENY"],
        ["AuthorizationPolicy payment", "spec.rules", [{}]],
      ],
    },
  ],
  unknown: { edits: [["AuthorizationPolicy payment", "spec.rules", unknown]], on: "AuthorizationPolicy demo/payment" },
});

specify(authzProviderKnown, {
  violations: [
    {
      it: "finds a provider that is not configured",
      edits: [
        ["AuthorizationPolicy payment", "spec.action", "CUSTOM"],
        ["AuthorizationPolicy payment", "spec.provider", { name: "oauth" }],
      ],
      on: "AuthorizationPolicy demo/payment",
    },
  ],
  passes: [
    {
      it: "passes one that is",
      edits: [
        ["AuthorizationPolicy payment", "spec.action", "CUSTOM"],
        ["AuthorizationPolicy payment", "spec.provider", { name: "oauth" }],
        [
          "Release istiod",
          "values.meshConfig.extensionProviders",
          [{ name: "oauth", envoyExtAuthzHttp: { service: "user.demo.svc.cluster.local", port: 80 } }],
        ],
      ],
    },
  ],
  unknown: { edits: [["AuthorizationPolicy payment", "spec.action", unknown]], on: "AuthorizationPolicy demo/payment" },
});
