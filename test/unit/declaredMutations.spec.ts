/** Edits that break what index.ts really declares: there is one at least for every rule, and the rule finds it. */
import assert from "node:assert/strict";
import { judge } from "../support/judge";
import type { Level } from "../../policy/rule";
import { rules } from "../../policy/rules/index";
import { Stack, type Edit } from "../support/policyStack";
import { declaredBy } from "../support/declared";

/**
 * The stacks that are edited: those of the project, dev with a service of two versions, which has subsets, and prod
 * with guards.
 */
const versions = [
  { version: "v1", weight: 90 },
  { version: "v2", weight: 10 },
];
const stacks = {
  dev: () => declaredBy("dev"),
  prod: () => declaredBy("prod"),
  guarded: () =>
    declaredBy("prod", {
      services: JSON.stringify([
        {
          name: "user-service",
          path: "/user",
          jwt: { issuer: "https://login.example", jwksUri: "https://login.example/keys", paths: ["/user/admin"] },
          extAuthz: { url: "http://authz.auth.svc.cluster.local:9000" },
        },
      ]),
    }),
  subsets: () =>
    declaredBy("dev", {
      services: JSON.stringify([
        { name: "user", path: "/user" },
        { name: "payment", path: "/payment", versions },
      ]),
    }),
};

const namespace = "Namespace mesh-namespace";
const injection = 'metadata.labels["istio-injection"]';
const user = "Deployment user-service-deployment";
const pod = "spec.template.metadata";
const inject = `${pod}.labels["sidecar.istio.io/inject"]`;
const container = "spec.template.spec.containers[0]";
const service = "Service user-service-service";
const entry = "VirtualService demo-vs";
const destination = "spec.http[0].route[0].destination";
const gateway = "Gateway demo-gateway";
const istiod = "Release istio-istiod";

function hook(clientConfig: object): Edit {
  return [
    "+MutatingWebhookConfiguration istio-sidecar-injector-x",
    "",
    { webhooks: [{ name: "x.istio.io", clientConfig }] },
  ];
}

function external(name: string, port: object, more: object = {}): Edit {
  return [`+ServiceEntry ${name}`, "", { spec: { hosts: ["api.example.com"], ports: [port], ...more } }];
}

function secured(name: string): Edit {
  const servers = [{ port: { number: 443 }, hosts: [name], tls: { mode: "SIMPLE", credentialName: "cert" } }];
  return [`+Gateway ${name}`, "", { spec: { selector: { istio: "ingressgateway" }, servers } }];
}

function filter(operation: string, applyTo = "HTTP_FILTER"): Edit {
  return ["+EnvoyFilter x", "", { spec: { configPatches: [{ applyTo, patch: { operation, value: { name: "x" } } }] } }];
}

function allow(rule: object, more: object = {}): Edit {
  return [
    "+AuthorizationPolicy x",
    "",
    { spec: { selector: { matchLabels: { app: "user-service" } }, rules: [rule], ...more } },
  ];
}

function routed(name: string, prefix: string): Edit {
  const http = [{ match: [{ uri: { prefix } }], route: [{ destination: { host: "user-service" } }] }];
  return [`+VirtualService ${name}`, "", { spec: { hosts: ["a.example.com"], gateways: ["demo-gateway"], http } }];
}

const claims = { "@request.auth.claims.group": { exact: "admin" } };

/** Rule, stack, what breaks it, and the resource that the finding names. */
const mutations: readonly [rule: string, stack: keyof typeof stacks, edits: Edit[], on: string][] = [
  ["workload-gets-sidecar", "dev", [[namespace, injection]], "Deployment demo/user-service"],
  ["workload-gets-sidecar", "prod", [[user, inject, "false"]], "Deployment demo/user-service"],
  [
    "workload-depends-on-injector",
    "dev",
    // Its pods also wait for its traffic policy, which waits for the injector.
    [
      ["MeshService payment-service", "dependencies", []],
      ["EchoService payment-service", "dependencies", []],
      ["Deployment payment-service-deployment", "dependencies", []],
    ],
    "Deployment demo/payment-service",
  ],
  [
    "workload-depends-on-injector",
    "prod",
    [
      ["MeshNamespace mesh", "dependencies", []],
      ["MeshService user-service", "dependencies", []],
    ],
    "Deployment demo/user-service",
  ],
  ["injection-label-valid", "dev", [[namespace, injection, "enable"]], "Namespace demo"],
  ["injection-labels-exclusive", "dev", [[namespace, 'metadata.labels["istio.io/rev"]', "default"]], "Namespace demo"],
  ["revision-exists", "dev", [[namespace, "metadata.labels", { "istio.io/rev": "stable" }]], "Namespace demo"],
  [
    "inject-label-on-template",
    "dev",
    [[user, 'metadata.labels["sidecar.istio.io/inject"]', "false"]],
    "Deployment demo/user-service",
  ],
  ["inject-value-exact", "dev", [[user, inject, "yes"]], "Deployment demo/user-service"],
  [
    "image-auto-injected",
    "dev",
    [["StatefulSet observability-grafana-server", container, { name: "istio-proxy", image: "auto" }]],
    "StatefulSet observability/grafana",
  ],
  ["no-proxy-uid", "dev", [[user, `${container}.securityContext.runAsUser`, 1337]], "Deployment demo/user-service"],
  ["no-proxy-ports", "dev", [[user, `${container}.ports[0].containerPort`, 15001]], "Deployment demo/user-service"],
  [
    "namespace-membership-explicit",
    "dev",
    [["Namespace observability-namespace", "metadata.labels"]],
    "Namespace observability",
  ],
  [
    "host-network-bypasses-mesh",
    "dev",
    [[user, "spec.template.spec.hostNetwork", true]],
    "Deployment demo/user-service",
  ],
  [
    "job-needs-native-sidecar",
    "dev",
    [
      [istiod, "values.pilot.env.ENABLE_NATIVE_SIDECARS", "false"],
      ["+Job migrate", "", { spec: { template: { spec: { containers: [{ name: "a", image: "a:1" }] } } } }],
    ],
    "Job demo/migrate",
  ],
  [
    "psa-restricted-needs-cni",
    "dev",
    [[namespace, 'metadata.labels["pod-security.kubernetes.io/enforce"]', "baseline"]],
    "Namespace demo",
  ],
  [
    "injector-webhook-valid",
    "dev",
    [hook({ service: { name: "gone", namespace: "istio-system" } })],
    "MutatingWebhookConfiguration istio-sidecar-injector-x",
  ],
  ["control-plane-address", "dev", [hook({})], "MutatingWebhookConfiguration istio-sidecar-injector-x"],
  [
    "port-protocol-declared",
    "dev",
    [[service, "spec.ports[0]", { name: "web", port: 8080, targetPort: "http" }]],
    "Service demo/user-service",
  ],
  [
    "external-name-port",
    "dev",
    [
      [
        "+Service alias",
        "",
        { spec: { type: "ExternalName", externalName: "a.example.com", ports: [{ name: "tcp", port: 443 }] } },
      ],
    ],
    "Service demo/alias",
  ],
  [
    "server-first-explicit-tcp",
    "dev",
    [[service, "spec.ports[0]", { name: "http-db", port: 3306, targetPort: "http" }]],
    "Service demo/user-service",
  ],
  [
    "one-protocol-per-port",
    "dev",
    [
      [
        "+Service twin",
        "",
        { spec: { selector: { app: "user-service" }, ports: [{ name: "http", port: 81, targetPort: "http" }] } },
      ],
    ],
    "Deployment demo/user-service",
  ],
  ["target-port-exists", "dev", [[service, "spec.ports[0].targetPort", "web"]], "Service demo/user-service"],
  ["canonical-labels", "dev", [[user, `${pod}.labels.version`]], "Deployment demo/user-service"],
  ["route-destination-exists", "dev", [[entry, `${destination}.host`, "payments"]], "VirtualService demo/demo-vs"],
  ["route-destination-exists", "prod", [["Service payment-service-service", ""]], "VirtualService demo/demo-vs"],
  ["subset-defined", "subsets", [["DestinationRule payment-subset-v2", ""]], "VirtualService demo/payment"],
  [
    "subset-rule-before-route",
    "subsets",
    [["ServiceRoutes payment", "dependencies", []]],
    "VirtualService demo/payment",
  ],
  [
    "subset-selects-pods",
    "subsets",
    [["DestinationRule payment-subset-v2", "spec.subsets[0].labels.version", "v3"]],
    "DestinationRule demo/payment-v2",
  ],
  [
    "destination-rule-host-known",
    "prod",
    [["DestinationRule user-service-rule", "spec.host", "users"]],
    "DestinationRule demo/user-service",
  ],
  [
    "destination-rule-on-lookup-path",
    "prod",
    [
      ["DestinationRule user-service-rule", "metadata.namespace", "observability"],
      ["DestinationRule user-service-rule", "spec.host", "user-service.demo.svc.cluster.local"],
    ],
    "DestinationRule observability/user-service",
  ],
  ["unreachable-route", "dev", [[entry, "spec.http[0].match"]], "VirtualService demo/demo-vs"],
  ["retries-need-timeout", "dev", [[entry, "spec.http[0].timeout", "1s"]], "VirtualService demo/demo-vs"],
  [
    "mesh-hosts-unique",
    "dev",
    [["VirtualService user-service-vs", "spec.hosts[0]", "payment-service"]],
    "VirtualService demo/user-service",
  ],
  [
    "ingress-subset-effective",
    "subsets",
    [[entry, "spec.http[0].route", [{ destination: { host: "payment" } }]]],
    "VirtualService demo/demo-vs",
  ],
  ["gateway-reference-valid", "dev", [[gateway, ""]], "VirtualService demo/demo-vs"],
  [
    "gateway-host-matches",
    "dev",
    [
      [gateway, "spec.servers[0].hosts[0]", "shop.example.com"],
      [entry, "spec.hosts[0]", "other.example.org"],
    ],
    "VirtualService demo/demo-vs",
  ],
  ["gateway-workload-port", "dev", [[gateway, "spec.servers[0].port.number", 8080]], "Gateway demo/demo-gateway"],
  ["gateway-workload-port", "prod", [["Release istio-istio-ingressgateway", ""]], "Gateway demo/demo-gateway"],
  [
    "gateways-disjoint",
    "dev",
    [
      [
        "+Gateway twin",
        "",
        {
          spec: {
            selector: { istio: "ingressgateway" },
            servers: [{ port: { number: 80, protocol: "HTTP" }, hosts: ["*"] }],
          },
        },
      ],
    ],
    "Gateway demo/twin",
  ],
  ["gateway-certificates-unique", "dev", [secured("a"), secured("b")], "Gateway demo/a"],
  ["gateway-credential-valid", "dev", [secured("a")], "Gateway demo/a"],
  [
    "gateway-selector-effective",
    "dev",
    [[user, `${pod}.labels["gateway.networking.k8s.io/gateway-name"]`, "entry"]],
    "AuthorizationPolicy demo/allow-user-service",
  ],
  [
    "gateway-api-version",
    "dev",
    [
      [
        "+CustomResourceDefinition tlsroutes.gateway.networking.k8s.io",
        "",
        { metadata: { annotations: { "gateway.networking.k8s.io/bundle-version": "v1.2.0" } } },
      ],
    ],
    "CustomResourceDefinition tlsroutes.gateway.networking.k8s.io",
  ],
  [
    "selectors-disjoint",
    "prod",
    [
      [
        "+Sidecar twin",
        "",
        { spec: { workloadSelector: { labels: { app: "user-service" } }, egress: [{ hosts: ["./*"] }] } },
      ],
    ],
    "Sidecar demo/twin",
  ],
  [
    "selector-matches-workload",
    "prod",
    [["Sidecar user-service-scope", "spec.workloadSelector.labels.app", "users"]],
    "Sidecar demo/user-service",
  ],
  [
    "policy-effective",
    "prod",
    [[user, `${pod}.annotations["ambient.istio.io/redirection"]`, "enabled"]],
    "Sidecar demo/user-service",
  ],
  [
    "mtls-modes-agree",
    "prod",
    [["DestinationRule user-service-rule", "spec.trafficPolicy.tls", { mode: "DISABLE" }]],
    "DestinationRule demo/user-service",
  ],
  ["strict-mtls-has-proxy", "dev", [[namespace, injection, "disabled"]], "Deployment demo/user-service"],
  [
    "tls-verifies-server",
    "prod",
    [["DestinationRule user-service-rule", "spec.trafficPolicy.tls", { mode: "SIMPLE" }]],
    "DestinationRule demo/user-service",
  ],
  [
    "authz-targets-exist",
    "dev",
    [["ServiceAccount user-service-account", ""]],
    "AuthorizationPolicy demo/allow-payment-service",
  ],
  ["jwt-route-has-authn", "dev", [[entry, "spec.http[0].match[0].headers", claims]], "VirtualService demo/demo-vs"],
  [
    "jwks-uri-restricted",
    "dev",
    [
      [
        "+Deployment istiod",
        "",
        {
          metadata: { namespace: "istio-system", labels: { app: "istiod" } },
          spec: { template: { spec: { containers: [{ name: "discovery", image: "a:1" }] } } },
        },
      ],
      [
        "+RequestAuthentication a",
        "",
        { spec: { jwtRules: [{ issuer: "a", jwksUri: "https://a.example.com/keys" }] } },
      ],
    ],
    "Deployment istio-system/istiod",
  ],
  [
    "service-entry-addresses",
    "dev",
    [external("api", { number: 5432, name: "tcp", protocol: "TCP" }, { resolution: "NONE" })],
    "ServiceEntry demo/api",
  ],
  [
    "service-entry-protocols-agree",
    "dev",
    [
      external("a", { number: 443, name: "tls", protocol: "TLS" }),
      external("b", { number: 443, name: "https", protocol: "HTTPS" }),
    ],
    "ServiceEntry demo/b",
  ],
  [
    "telemetry-provider-named",
    "dev",
    [["Telemetry telemetry-file-log", "spec.accessLogging[0].providers"]],
    "Telemetry demo/access-log-file",
  ],
  ["envoy-filter-operation-valid", "dev", [filter("REPLACE", "CLUSTER")], "EnvoyFilter demo/x"],
  ["envoy-filter-order-explicit", "dev", [filter("INSERT_AFTER")], "EnvoyFilter demo/x"],
  [
    "annotation-known",
    "dev",
    [[user, `${pod}.annotations["sidecar.istio.io/proxyCpu"]`, "1"]],
    "Deployment demo/user-service",
  ],
  [
    "annotation-placement",
    "dev",
    [[user, 'metadata.annotations["proxy.istio.io/config"]', "{}"]],
    "Deployment demo/user-service",
  ],
  [
    "annotation-valid",
    "dev",
    [[user, `${pod}.annotations["sidecar.istio.io/proxyCPU"]`, "a"]],
    "Deployment demo/user-service",
  ],
  [
    "annotation-current",
    "dev",
    [[user, `${pod}.annotations["sidecar.istio.io/inject"]`, "true"]],
    "Deployment demo/user-service",
  ],
  [
    "annotation-stable",
    "dev",
    [[service, 'metadata.annotations["networking.istio.io/exportTo"]', "."]],
    "Service demo/user-service",
  ],
  [
    "no-deprecated-fields",
    "dev",
    [[entry, "spec.http[0].fault", { delay: { percent: 10, fixedDelay: "1s" } }]],
    "VirtualService demo/demo-vs",
  ],
  ["schema-valid", "dev", [[entry, "spec.http[0].timeout", "soon"]], "VirtualService demo/demo-vs"],
  ["schema-advice", "dev", [[entry, "spec.http[0].mirrorPercent", 10]], "VirtualService demo/demo-vs"],
  [
    "dashboards-not-public",
    "dev",
    [[entry, `${destination}.host`, "kiali.observability.svc.cluster.local"]],
    "VirtualService demo/demo-vs",
  ],
  [
    "dashboards-not-public",
    "prod",
    [["Service observability-prometheus-service", "spec.type", "LoadBalancer"]],
    "Service observability/prometheus",
  ],
  [
    "proxy-not-bypassed",
    "dev",
    [[user, `${pod}.annotations["sidecar.istio.io/interceptionMode"]`, "NONE"]],
    "Deployment demo/user-service",
  ],
  ["route-protocol-fits", "dev", [[gateway, "spec.servers[0].port.protocol", "TCP"]], "VirtualService demo/demo-vs"],
  [
    "uri-match-literal",
    "dev",
    [[entry, "spec.http[0].match[1].uri.prefix", "/payment/*"]],
    "VirtualService demo/demo-vs",
  ],
  ["delegate-valid", "dev", [[entry, "spec.http[0].delegate", { name: "x" }]], "VirtualService demo/demo-vs"],
  ["gateway-routes-disjoint", "dev", [routed("a", "/a"), routed("b", "/a/b")], "VirtualService demo/b"],
  [
    "port-settings-keep-tls",
    "dev",
    [
      [
        "+DestinationRule x",
        "",
        {
          spec: {
            host: "user-service",
            trafficPolicy: {
              tls: { mode: "SIMPLE", caCertificates: "system" },
              portLevelSettings: [{ port: { number: 8080 }, loadBalancer: { simple: "RANDOM" } }],
            },
          },
        },
      ],
    ],
    "DestinationRule demo/x",
  ],
  ["tls-begun-once", "dev", [[service, "spec.ports[0].appProtocol", "https"]], "VirtualService demo/demo-vs"],
  [
    "sidecar-egress-known",
    "dev",
    [["+Sidecar x", "", { spec: { egress: [{ hosts: ["demo/nothing.demo.svc.cluster.local"] }] } }]],
    "Sidecar demo/x",
  ],
  ["gateway-sees-route", "dev", [[entry, "spec.exportTo", ["."]]], "VirtualService demo/demo-vs"],
  [
    "route-parent-attaches",
    "dev",
    [["+HTTPRoute x", "", { spec: { parentRefs: [{ group: "", kind: "Service", name: "nothing" }] } }]],
    "HTTPRoute demo/x",
  ],
  [
    "route-backend-exists",
    "dev",
    [["+HTTPRoute x", "", { spec: { rules: [{ backendRefs: [{ name: "user-service", port: 1 }] }] } }]],
    "HTTPRoute demo/x",
  ],
  [
    "listener-certificate-exists",
    "dev",
    [
      [
        "+KubernetesGateway x",
        "",
        { spec: { gatewayClassName: "istio", listeners: [{ name: "https", port: 443, protocol: "HTTPS" }] } },
      ],
    ],
    "Gateway demo/x",
  ],
  [
    "target-reference-exists",
    "dev",
    [["+AuthorizationPolicy x", "", { spec: { targetRefs: [{ group: "", kind: "Service", name: "nothing" }] } }]],
    "AuthorizationPolicy demo/x",
  ],
  ["service-selects-pods", "dev", [[service, "spec.selector.app", "user-servise"]], "Service demo/user-service"],
  [
    "ambient-route-has-waypoint",
    "dev",
    [
      [namespace, "metadata.labels", { "istio.io/dataplane-mode": "ambient" }],
      [
        "+VirtualService x",
        "",
        {
          spec: {
            hosts: ["user-service"],
            http: [{ timeout: "1s", route: [{ destination: { host: "user-service" } }] }],
          },
        },
      ],
    ],
    "VirtualService demo/x",
  ],
  [
    "service-policy-has-waypoint",
    "dev",
    [["+AuthorizationPolicy x", "", { spec: { targetRefs: [{ group: "", kind: "Service", name: "user-service" }] } }]],
    "AuthorizationPolicy demo/x",
  ],
  [
    "waypoint-exists",
    "dev",
    [
      ["+KubernetesGateway x", "", { spec: { gatewayClassName: "istio-waypoint", listeners: [] } }],
      [service, 'metadata.labels["istio.io/use-waypoint"]', "y"],
    ],
    "Service demo/user-service",
  ],
  [
    "probe-passes-strict-mtls",
    "dev",
    [[user, `${pod}.annotations["sidecar.istio.io/rewriteAppHTTPProbers"]`, "false"]],
    "Deployment demo/user-service",
  ],
  [
    "excluded-port-plain",
    "dev",
    // The Service of user-service has more ports than this one.
    [
      [
        "Deployment payment-service-deployment",
        `${pod}.annotations["traffic.sidecar.istio.io/excludeInboundPorts"]`,
        "8080",
      ],
    ],
    "Deployment demo/payment-service",
  ],
  [
    "mtls-not-disabled",
    "dev",
    [["PeerAuthentication mesh-mtls", "spec.mtls.mode", "DISABLE"]],
    "PeerAuthentication demo/default",
  ],
  [
    "mesh-policy-in-root",
    "dev",
    [[istiod, "values.meshConfig.rootNamespace", "istio-config"]],
    "PeerAuthentication istio-system/default",
  ],
  ["authz-rule-matches", "dev", [allow({ to: [{ operation: { methods: ["get"] } }] })], "AuthorizationPolicy demo/x"],
  [
    "authz-fields-fit-protocol",
    "dev",
    [
      allow({ to: [{ operation: { methods: ["GET"] } }] }),
      [service, "spec.ports[0].appProtocol", "tcp"],
      [service, "spec.ports[1].appProtocol", "tcp"],
    ],
    "AuthorizationPolicy demo/x",
  ],
  [
    "policy-ports-of-containers",
    "dev",
    [allow({ to: [{ operation: { ports: ["80"] } }] }), [service, "spec.ports[0].port", 80]],
    "AuthorizationPolicy demo/x",
  ],
  [
    "authz-has-credentials",
    "guarded",
    [["RequestAuthentication user-service-tokens", ""]],
    "AuthorizationPolicy demo/require-token-user-service",
  ],
  [
    "authz-has-credentials",
    "dev",
    [allow({ from: [{ source: { requestPrincipals: ["*"] } }] })],
    "AuthorizationPolicy demo/x",
  ],
  [
    "request-authentication-enforced",
    "guarded",
    [
      ["AuthorizationPolicy user-service-require-token", ""],
      ["AuthorizationPolicy user-service-ext-authz", ""],
    ],
    "RequestAuthentication demo/user-service",
  ],
  [
    "request-authentication-enforced",
    "dev",
    [
      [
        "+RequestAuthentication x",
        "",
        { spec: { jwtRules: [{ issuer: "a", jwksUri: "https://a.example.com/keys" }] } },
      ],
    ],
    "RequestAuthentication demo/x",
  ],
  ["authz-not-open", "dev", [allow({})], "AuthorizationPolicy demo/x"],
  [
    "authz-provider-known",
    "guarded",
    [[istiod, "values.meshConfig.extensionProviders[0].name", "other"]],
    "AuthorizationPolicy demo/ext-authz-user-service",
  ],
  [
    "authz-provider-known",
    "dev",
    [allow({}, { action: "CUSTOM", provider: { name: "nothing" } })],
    "AuthorizationPolicy demo/x",
  ],
  [
    "telemetry-provider-known",
    "dev",
    [["+Telemetry x", "", { spec: { metrics: [{ providers: [{ name: "nothing" }] }] } }]],
    "Telemetry demo/x",
  ],
  [
    "envoy-filter-names-current",
    "dev",
    [
      [
        "+EnvoyFilter x",
        "",
        {
          spec: {
            configPatches: [
              { applyTo: "HTTP_FILTER", patch: { operation: "INSERT_FIRST", value: { name: "envoy.lua" } } },
            ],
          },
        },
      ],
    ],
    "EnvoyFilter demo/x",
  ],
  [
    "proxy-config-valid",
    "dev",
    [[user, `${pod}.annotations["proxy.istio.io/config"]`, "concurency: 2"]],
    "Deployment demo/user-service",
  ],
  ["images-pinned", "dev", [[user, `${container}.image`, "hashicorp/http-echo"]], "Deployment demo/user-service"],
];

/** What a program cannot get wrong: the engine refuses to register an object twice. */
const manifestsOnly: ReadonlySet<string> = new Set(["object-declared-once"]);

/** @returns what the policies say of a stack after some edits. */
async function judged(stack: keyof typeof stacks, edits: readonly Edit[]) {
  const { components, resources, profile } = await stacks[stack]();
  const { resources: edited } = new Stack([...components, ...resources]).edit(edits);
  return judge({ resources: edited }, { profile });
}

describe("mutations of what index.ts declares", function () {
  this.timeout(60_000);

  for (const stack of Object.keys(stacks) as (keyof typeof stacks)[]) {
    it(`start from a clean stack: ${stack}`, async () => {
      assert.deepEqual(await judged(stack, []), { findings: [], undetermined: [] });
    });
  }

  it("are there for every rule", () => {
    const mutated = new Set(mutations.map(([rule]) => rule));
    assert.deepEqual(
      rules.map(({ name }) => name).filter((name) => !mutated.has(name) && !manifestsOnly.has(name)),
      [],
    );
  });

  for (const [name, stack, edits, on] of mutations) {
    const [resource, field, value] = edits[0]!;
    const what = value === undefined ? "removed" : `= ${JSON.stringify(value)}`;
    it(`${stack}: ${`${resource} ${field} ${what}`.slice(0, 100)}: ${name} names ${on}`, async () => {
      const rule = rules.find((one) => one.name === name)!;
      const level: Level = typeof rule.level === "string" ? rule.level : rule.level[stack === "prod" ? "prod" : "dev"];
      const { findings } = await judged(stack, edits);
      const found = findings.filter((finding) => finding.rule === name && finding.resource === on);
      assert.ok(found.length > 0, `found ${findings.map((one) => `${one.rule} ${one.resource}`).join(", ")}`);
      assert.ok(
        found.some((finding) => finding.level === level),
        JSON.stringify(found),
      );
    });
  }
});
