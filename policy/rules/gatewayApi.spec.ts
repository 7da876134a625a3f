import { specify, unknown, type Edit } from "../../test/support/policyStack";
import { gatewayApiVersion, listenerCertificateExists, routeBackendExists, routeParentAttaches } from "./gatewayApi";

/** A Gateway with a listener, and a route to a Service that attaches to it. */
const route: readonly Edit[] = [
  [
    "+KubernetesGateway edge",
    "",
    { spec: { gatewayClassName: "istio", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] } },
  ],
  [
    "+HTTPRoute user",
    "",
    { spec: { parentRefs: [{ name: "edge" }], rules: [{ backendRefs: [{ name: "user", port: 80 }] }] } },
  ],
];
/** A certificate for the next hundred years, whose key nothing has. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBdDCCARugAwIBAgIUU6H30v3x+AT2+bVyd+83/0UQs3QwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEZWRnZTAgFw0yNjExMjkwMjUwMzlaGA8yMTI2MTEwNTAyNTAz
OVowDzENMAsGA1UEAwwEZWRnZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCgZ
NzY9sTeZSviJtH3LKaTYU24R34UGSwcHu/pq884yHprEQEc0uYYZjZZ5IR/YW3/w
qMPGKgzZRpS93hiSLfOjUzBRMB0GA1UdDgQWBBTHcjPd9tdMZDX7cpQXnuU6lfRQ
ozAfBgNVHSMEGDAWgBTHcjPd9tdMZDX7cpQXnuU6lfRQozAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0cAMEQCIG8nogc8Bczd6gmMIJU42b7dKja5BrdkJb89
qLHytco7AiAhfd/4vRZRhHbW/aNyYbA5D5uxJ4vprFvD8aww64sKMA==
-----END CERTIFICATE-----
`;
const parent = "spec.parentRefs[0]";
const backend = "spec.rules[0].backendRefs[0]";
const listener = "spec.listeners[0]";

specify(gatewayApiVersion, {
  violations: [
    {
      it: "finds an old definition",
      edits: [
        [
          "+CustomResourceDefinition tlsroutes.gateway.networking.k8s.io",
          "",
          { metadata: { annotations: { "gateway.networking.k8s.io/bundle-version": "v1.2.0" } } },
        ],
      ],
      on: "CustomResourceDefinition tlsroutes.gateway.networking.k8s.io",
      code: "IST0176",
    },
  ],
  passes: [
    {
      it: "passes a new one",
      edits: [
        [
          "+CustomResourceDefinition tlsroutes.gateway.networking.k8s.io",
          "",
          { metadata: { annotations: { "gateway.networking.k8s.io/bundle-version": "v1.5.1" } } },
        ],
      ],
    },
    {
      it: "passes one without a version",
      edits: [["+CustomResourceDefinition tlsroutes.gateway.networking.k8s.io", "", {}]],
    },
  ],
  unknown: {
    edits: [
      ["+CustomResourceDefinition tlsroutes.gateway.networking.k8s.io", "", {}],
      [
        "CustomResourceDefinition tlsroutes.gateway.networking.k8s.io",
        'metadata.annotations["gateway.networking.k8s.io/bundle-version"]',
        unknown,
      ],
    ],
    on: "CustomResourceDefinition tlsroutes.gateway.networking.k8s.io",
  },
});

specify(routeParentAttaches, {
  violations: [
    {
      it: "finds a parent that is not there",
      edits: [...route, ["HTTPRoute user", `${parent}.name`, "egde"]],
      on: "HTTPRoute demo/user",
    },
    {
      it: "finds a listener that is not there",
      edits: [...route, ["HTTPRoute user", `${parent}.sectionName`, "https"]],
      on: "HTTPRoute demo/user",
    },
    {
      it: "finds a port that no listener has",
      edits: [...route, ["HTTPRoute user", `${parent}.port`, 8080]],
      on: "HTTPRoute demo/user",
    },
    {
      it: "finds a listener for another kind of route",
      edits: [...route, ["KubernetesGateway edge", `${listener}.protocol`, "TCP"]],
      on: "HTTPRoute demo/user",
    },
    {
      it: "finds a listener for other hostnames",
      edits: [
        ...route,
        ["HTTPRoute user", "spec.hostnames", ["shop.example.org"]],
        ["KubernetesGateway edge", `${listener}.hostname`, "*.example.com"],
      ],
      on: "HTTPRoute demo/user",
    },
    {
      it: "finds a listener that is closed for the route's namespace",
      edits: [
        ["+KubernetesGateway edge", "", { metadata: { namespace: "tools" }, ...(route[0]![2] as object) }],
        route[1]!,
        ["HTTPRoute user", `${parent}.namespace`, "tools"],
      ],
      on: "HTTPRoute demo/user",
    },
  ],
  passes: [
    { it: "passes a route that is taken", edits: route },
    {
      it: "passes a listener that is open for the labels of the route's namespace",
      edits: [
        ["+KubernetesGateway edge", "", { metadata: { namespace: "tools" }, ...(route[0]![2] as object) }],
        route[1]!,
        [
          "KubernetesGateway edge",
          `${listener}.allowedRoutes`,
          { namespaces: { from: "Selector", selector: { matchLabels: { "istio-injection": "enabled" } } } },
        ],
        ["HTTPRoute user", `${parent}.namespace`, "tools"],
      ],
    },
  ],
  unknown: { edits: [...route, ["HTTPRoute user", `${parent}.name`, unknown]], on: "HTTPRoute demo/user" },
});

specify(routeBackendExists, {
  violations: [
    {
      it: "finds a Service that is not there",
      edits: [...route, ["HTTPRoute user", `${backend}.name`, "usr"]],
      on: "HTTPRoute demo/user",
    },
    {
      it: "finds a host in the place of a Service's name",
      edits: [...route, ["HTTPRoute user", `${backend}.name`, "user.demo.svc.cluster.local"]],
      on: "HTTPRoute demo/user",
    },
    {
      it: "finds a mirror that is not there",
      edits: [
        ...route,
        [
          "HTTPRoute user",
          "spec.rules[0].filters",
          [{ type: "RequestMirror", requestMirror: { backendRef: { name: "usr", port: 80 } } }],
        ],
      ],
      on: "HTTPRoute demo/user",
    },
    {
      it: "finds a port that the Service lacks",
      edits: [...route, ["HTTPRoute user", `${backend}.port`, 8080]],
      on: "HTTPRoute demo/user",
    },
    {
      it: "finds a backend of another namespace without a ReferenceGrant",
      edits: [
        ...route,
        ["Service user", "metadata.namespace", "tools"],
        ["HTTPRoute user", `${backend}.namespace`, "tools"],
      ],
      on: "HTTPRoute demo/user",
    },
  ],
  passes: [
    { it: "passes a Service that is there", edits: route },
    {
      it: "passes one of another namespace with a ReferenceGrant",
      edits: [
        ...route,
        ["Service user", "metadata.namespace", "tools"],
        ["HTTPRoute user", `${backend}.namespace`, "tools"],
        [
          "+ReferenceGrant demo",
          "",
          {
            metadata: { namespace: "tools" },
            spec: {
              from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "demo" }],
              to: [{ group: "", kind: "Service" }],
            },
          },
        ],
      ],
    },
  ],
  unknown: { edits: [...route, ["HTTPRoute user", `${backend}.name`, unknown]], on: "HTTPRoute demo/user" },
});

const secure = { name: "https", port: 443, protocol: "HTTPS", tls: { certificateRefs: [{ name: "edge" }] } };

specify(listenerCertificateExists, {
  violations: [
    {
      it: "finds a Secret that is not there",
      edits: [...route, ["+Secret other", "", {}], ["KubernetesGateway edge", listener, secure]],
      on: "Gateway demo/edge",
    },
    {
      it: "finds a Secret without a key",
      edits: [
        ...route,
        ["+Secret edge", "", { stringData: { "tls.crt": certificate } }],
        ["KubernetesGateway edge", listener, secure],
      ],
      on: "Gateway demo/edge",
    },
    {
      it: "finds a listener that ends TLS without a certificate",
      edits: [...route, ["KubernetesGateway edge", `${listener}.protocol`, "HTTPS"]],
      on: "Gateway demo/edge",
    },
    {
      it: "finds a Secret of another namespace without a ReferenceGrant",
      edits: [
        ...route,
        ["+Secret edge", "", { metadata: { namespace: "tools" } }],
        ["KubernetesGateway edge", listener, secure],
        ["KubernetesGateway edge", `${listener}.tls.certificateRefs[0].namespace`, "tools"],
      ],
      on: "Gateway demo/edge",
    },
  ],
  passes: [
    {
      it: "passes a Secret that is there",
      edits: [
        ...route,
        ["+Secret edge", "", { stringData: { "tls.crt": certificate, "tls.key": "-" } }],
        ["KubernetesGateway edge", listener, secure],
      ],
    },
    {
      it: "passes a listener that passes TLS through",
      edits: [
        ...route,
        ["KubernetesGateway edge", listener, { name: "tls", port: 443, protocol: "TLS", tls: { mode: "Passthrough" } }],
      ],
    },
  ],
  unknown: { edits: [...route, ["KubernetesGateway edge", listener, unknown]], on: "Gateway demo/edge" },
});
