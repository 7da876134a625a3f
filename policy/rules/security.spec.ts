import { specify, unknown } from "../../test/support/policyStack";
import {
  authzTargetsExist,
  jwksUriRestricted,
  jwtRouteHasAuthn,
  mtlsModesAgree,
  strictMtlsHasProxy,
  tlsVerifiesServer,
  excludedPortPlain,
  mtlsNotDisabled,
  probePassesStrictMtls,
  meshPolicyInRoot,
} from "./security";

specify(mtlsModesAgree, {
  violations: [
    {
      it: "finds plain text to a strict server",
      edits: [["DestinationRule payment", "spec.trafficPolicy.tls.mode", "DISABLE"]],
      on: "DestinationRule demo/payment",
      code: "KIA0207",
    },
    {
      it: "finds mutual TLS to a server without",
      edits: [["PeerAuthentication default", "spec.mtls.mode", "DISABLE"]],
      on: "DestinationRule demo/payment",
      code: "KIA0206",
    },
    {
      it: "finds it for a namespace",
      edits: [
        [
          "DestinationRule payment",
          "spec",
          { host: "*.demo.svc.cluster.local", trafficPolicy: { tls: { mode: "DISABLE" } } },
        ],
      ],
      on: "DestinationRule demo/payment",
    },
    {
      it: "finds it for the mesh",
      edits: [
        ["PeerAuthentication default", "metadata.namespace", "istio-system"],
        ["DestinationRule payment", "spec", { host: "*.local", trafficPolicy: { tls: { mode: "DISABLE" } } }],
      ],
      on: "DestinationRule demo/payment",
      code: "KIA0208",
    },
    {
      it: "finds it on a port",
      edits: [
        [
          "DestinationRule payment",
          "spec.trafficPolicy.portLevelSettings",
          [{ port: { number: 80 }, tls: { mode: "DISABLE" } }],
        ],
      ],
      on: "DestinationRule demo/payment",
    },
    {
      it: "finds it in a subset",
      edits: [["DestinationRule payment", "spec.subsets[0].trafficPolicy", { tls: { mode: "DISABLE" } }]],
      on: "DestinationRule demo/payment",
    },
  ],
  passes: [
    {
      it: "passes plain text to pods outside a mesh that is STRICT",
      edits: [
        ["PeerAuthentication default", "metadata.namespace", "istio-system"],
        ["Namespace demo", "metadata.labels", { "istio-injection": "disabled" }],
        ["DestinationRule payment", "spec.trafficPolicy.tls.mode", "DISABLE"],
      ],
    },
    {
      it: "passes plain text where it is permitted",
      edits: [
        ["DestinationRule payment", "spec.trafficPolicy.tls.mode", "DISABLE"],
        ["PeerAuthentication default", "spec.mtls.mode", "PERMISSIVE"],
      ],
    },
    { it: "passes a rule without TLS", edits: [["DestinationRule payment", "spec.trafficPolicy"]] },
    {
      it: "asks the workload's own policy first",
      edits: [
        ["DestinationRule payment", "spec.trafficPolicy.tls.mode", "DISABLE"],
        [
          "+PeerAuthentication payment",
          "",
          { spec: { selector: { matchLabels: { app: "payment" } }, mtls: { mode: "PERMISSIVE" } } },
        ],
      ],
    },
  ],
  unknown: {
    edits: [["DestinationRule payment", "spec.trafficPolicy.tls.mode", unknown]],
    on: "DestinationRule demo/payment",
  },
});

specify(strictMtlsHasProxy, {
  violations: [
    {
      it: "finds a strict server outside the mesh",
      edits: [["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"]],
      on: "Deployment demo/user",
      code: "KIA0501",
    },
    {
      it: "finds a strict server in a namespace without a label by a policy for the mesh",
      edits: [
        ["PeerAuthentication default", "metadata.namespace", "istio-system"],
        ["Namespace demo", "metadata.labels", {}],
      ],
      on: "Deployment demo/user",
    },
    {
      it: "finds a strict server that opts out",
      edits: [["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "false"]],
      on: "Deployment demo/user",
    },
  ],
  passes: [
    {
      it: "passes where plain text is permitted",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"],
        ["PeerAuthentication default", "spec.mtls.mode", "PERMISSIVE"],
      ],
    },
    {
      it: "passes without a policy",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"],
        ["PeerAuthentication default", ""],
      ],
    },
    {
      it: "does not mean namespaces outside by a policy for the mesh",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"],
        ["PeerAuthentication default", "metadata.namespace", "istio-system"],
      ],
    },
    {
      it: "does not mean what runs beside the control plane by a policy for the mesh",
      edits: [
        ["PeerAuthentication default", "metadata.namespace", "istio-system"],
        ["+Namespace istio-system", "", {}],
        ["Deployment user", "metadata.namespace", "istio-system"],
        ["Service user", "metadata.namespace", "istio-system"],
      ],
    },
  ],
  unknown: { edits: [["Namespace demo", 'metadata.labels["istio-injection"]', unknown]], on: "Deployment demo/user" },
});

specify(tlsVerifiesServer, {
  violations: [
    {
      it: "finds a server that is not verified",
      edits: [["DestinationRule api", "spec.trafficPolicy.tls.insecureSkipVerify", true]],
      on: "DestinationRule demo/api",
    },
    {
      it: "finds TLS without a CA",
      edits: [["DestinationRule api", "spec.trafficPolicy.tls.caCertificates"]],
      on: "DestinationRule demo/api",
      code: "IST0128",
    },
    {
      it: "finds it on a port",
      edits: [
        [
          "DestinationRule api",
          "spec.trafficPolicy",
          { portLevelSettings: [{ port: { number: 443 }, tls: { mode: "SIMPLE" } }] },
        ],
      ],
      on: "DestinationRule demo/api",
      code: "IST0129",
    },
  ],
  passes: [
    {
      it: "passes Istio's own TLS",
      edits: [["DestinationRule api", "spec.trafficPolicy.tls", { mode: "ISTIO_MUTUAL" }]],
    },
    { it: "passes a rule without a policy", edits: [["DestinationRule api", "spec.trafficPolicy"]] },
  ],
  unknown: {
    edits: [["DestinationRule api", "spec.trafficPolicy.tls.caCertificates", unknown]],
    on: "DestinationRule demo/api",
  },
});

specify(authzTargetsExist, {
  violations: [
    {
      it: "finds a selector that takes nothing",
      edits: [["AuthorizationPolicy payment", "spec.selector.matchLabels.app", "payments"]],
      on: "AuthorizationPolicy demo/payment",
      code: "IST0127",
    },
    {
      it: "finds an unknown namespace",
      edits: [["AuthorizationPolicy payment", "spec.rules[0].from[1].source.namespaces[0]", "dmeo"]],
      on: "AuthorizationPolicy demo/payment",
      code: "IST0101",
    },
    {
      it: "finds an unknown account",
      edits: [
        ["AuthorizationPolicy payment", "spec.rules[0].from[0].source.principals[0]", "cluster.local/ns/demo/sa/users"],
      ],
      on: "AuthorizationPolicy demo/payment",
      code: "KIA0106",
    },
    {
      it: "finds an unknown host",
      edits: [
        [
          "AuthorizationPolicy payment",
          "spec.rules[0].to",
          [{ operation: { hosts: ["payments.demo.svc.cluster.local"] } }],
        ],
      ],
      on: "AuthorizationPolicy demo/payment",
      code: "KIA0104",
    },
  ],
  passes: [
    {
      it: "matches patterns of namespaces",
      edits: [["AuthorizationPolicy payment", "spec.rules[0].from[1].source.namespaces[0]", "de*"]],
    },
    {
      it: "knows the accounts of gateways",
      edits: [
        [
          "AuthorizationPolicy payment",
          "spec.rules[0].from[0].source.principals[0]",
          "cluster.local/ns/istio-system/sa/istio-ingressgateway",
        ],
      ],
    },
    { it: "passes a policy without rules", edits: [["AuthorizationPolicy payment", "spec.rules"]] },
    {
      it: "leaves open worlds alone",
      edits: [["AuthorizationPolicy payment", "spec.selector.matchLabels.app", "x"]],
      settings: { closedWorld: false },
    },
  ],
  unknown: {
    edits: [["AuthorizationPolicy payment", "spec.selector", unknown]],
    on: "AuthorizationPolicy demo/payment",
  },
});

specify(jwtRouteHasAuthn, {
  violations: [
    {
      it: "finds the RequestAuthentication gone",
      edits: [["RequestAuthentication gateway", ""]],
      on: "VirtualService demo/admin",
      code: "IST0149",
    },
    {
      it: "finds one for other pods",
      edits: [["RequestAuthentication gateway", "spec.selector.matchLabels", { app: "other" }]],
      on: "VirtualService demo/admin",
    },
  ],
  passes: [
    { it: "passes one for the whole mesh", edits: [["RequestAuthentication gateway", "spec.selector"]] },
    { it: "passes a route without a match", edits: [["VirtualService admin", "spec.http[0].match"]] },
  ],
  unknown: { edits: [["VirtualService admin", "spec.http[0].match", unknown]], on: "VirtualService demo/admin" },
});

specify(jwksUriRestricted, {
  violations: [
    {
      it: "finds an istiod that may call anything",
      edits: [
        [
          "+Deployment istiod",
          "",
          {
            metadata: { namespace: "istio-system", labels: { app: "istiod" } },
            spec: { template: { spec: { containers: [{ name: "discovery", image: "a:1" }] } } },
          },
        ],
      ],
      on: "Deployment istio-system/istiod",
      code: "IST0175",
    },
  ],
  passes: [
    {
      it: "passes one that may not",
      edits: [
        [
          "+Deployment istiod",
          "",
          {
            metadata: { namespace: "istio-system", labels: { app: "istiod" } },
            spec: {
              template: {
                spec: {
                  containers: [
                    {
                      name: "discovery",
                      image: "a:1",
                      env: [{ name: "BLOCKED_CIDRS_IN_JWKS_URIS", value: "10.0.0.0/8" }],
                    },
                  ],
                },
              },
            },
          },
        ],
      ],
    },
    {
      it: "passes without any policy",
      edits: [
        ["RequestAuthentication gateway", ""],
        ["+Deployment istiod", "", { metadata: { namespace: "istio-system", labels: { app: "istiod" } }, spec: {} }],
      ],
    },
  ],
  unknown: {
    edits: [
      [
        "+Deployment istiod",
        "",
        { metadata: { namespace: "istio-system", labels: { app: "istiod" } }, spec: { template: { spec: {} } } },
      ],
      ["Deployment istiod", "spec.template.spec.containers", unknown],
    ],
    on: "Deployment istio-system/istiod",
  },
});

const excluded = 'spec.template.metadata.annotations["traffic.sidecar.istio.io/excludeInboundPorts"]';
const rewritten = 'spec.template.metadata.annotations["sidecar.istio.io/rewriteAppHTTPProbers"]';
const liveness = "spec.template.spec.containers[0].livenessProbe";

specify(probePassesStrictMtls, {
  violations: [
    {
      it: "finds a probe that is not rewritten",
      edits: [
        ["Deployment user", rewritten, "false"],
        ["Deployment user", liveness, { httpGet: { path: "/", port: 8080 } }],
      ],
      on: "Deployment demo/user",
    },
    {
      it: "knows that the injector's values turn it off",
      edits: [
        ["Release istiod", "values.sidecarInjectorWebhook.rewriteAppHTTPProbe", false],
        ["Deployment user", liveness, { httpGet: { path: "/", port: 8080 } }],
      ],
      on: "Deployment demo/user",
    },
  ],
  passes: [
    {
      it: "passes a port that the proxy does not see",
      edits: [
        ["Deployment user", rewritten, "false"],
        ["Deployment user", excluded, "8080"],
        ["Deployment user", liveness, { httpGet: { path: "/", port: 8080 } }],
      ],
    },
    {
      it: "passes a probe without HTTP",
      edits: [
        ["Deployment user", rewritten, "false"],
        ["Deployment user", liveness, { tcpSocket: { port: 8080 } }],
      ],
    },
  ],
  unknown: { edits: [["Deployment user", rewritten, unknown]], on: "Deployment demo/user" },
});

specify(excludedPortPlain, {
  violations: [
    {
      it: "finds a port that clients of the mesh call",
      edits: [["Deployment user", excluded, "8080"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds the port of a Service in the place of a container's",
      edits: [["Deployment user", excluded, "80"]],
      on: "Deployment demo/user",
    },
  ],
  passes: [
    {
      it: "passes where clients send plain text",
      edits: [
        ["Deployment user", excluded, "8080"],
        ["+DestinationRule user", "", { spec: { host: "user", trafficPolicy: { tls: { mode: "DISABLE" } } } }],
      ],
    },
    { it: "passes a port of no Service", edits: [["Deployment user", excluded, "9999"]] },
  ],
  unknown: { edits: [["Deployment user", excluded, unknown]], on: "Deployment demo/user" },
});

specify(mtlsNotDisabled, {
  violations: [
    {
      it: "finds a mode that switches it off",
      edits: [["PeerAuthentication default", "spec.mtls.mode", "DISABLE"]],
      on: "PeerAuthentication demo/default",
    },
  ],
  passes: [{ it: "passes PERMISSIVE", edits: [["PeerAuthentication default", "spec.mtls.mode", "PERMISSIVE"]] }],
  unknown: {
    edits: [["PeerAuthentication default", "spec.mtls.mode", unknown]],
    on: "PeerAuthentication demo/default",
  },
});

specify(meshPolicyInRoot, {
  violations: [
    {
      it: "finds a policy beside istiod where the root is elsewhere",
      edits: [
        ["Release istiod", "values.meshConfig.rootNamespace", "istio-config"],
        [
          "+PeerAuthentication mesh",
          "",
          { metadata: { namespace: "istio-system" }, spec: { mtls: { mode: "STRICT" } } },
        ],
      ],
      on: "PeerAuthentication istio-system/mesh",
    },
  ],
  passes: [
    {
      it: "passes a policy in the root namespace",
      edits: [
        [
          "+PeerAuthentication mesh",
          "",
          { metadata: { namespace: "istio-system" }, spec: { mtls: { mode: "STRICT" } } },
        ],
      ],
    },
  ],
  unknown: {
    edits: [
      ["Release istiod", "values.meshConfig.rootNamespace", "istio-config"],
      ["+PeerAuthentication mesh", "", { metadata: { namespace: "istio-system" }, spec: {} }],
      ["PeerAuthentication mesh", "spec.selector", unknown],
    ],
    on: "PeerAuthentication istio-system/mesh",
  },
});
