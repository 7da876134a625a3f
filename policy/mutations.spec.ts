/**
 * Single edits that break the mesh: each is caught by the rule that should, and by a finding that stops a deployment.
 */
import assert from "node:assert/strict";
import { compliant, type Edit } from "../test/support/policyStack";

const proxy = "urn:pulumi:dev::mesh::kubernetes:core/v1:Namespace::demo";
const inject = 'spec.template.metadata.labels["sidecar.istio.io/inject"]';
const label = 'metadata.labels["istio-injection"]';
const destination = "spec.http[0].route[0].destination";

const mandatory: readonly [string, Edit][] = [
  ["workload-gets-sidecar", ["Namespace demo", label]],
  ["workload-gets-sidecar", ["Namespace demo", "metadata.labels"]],
  ["workload-gets-sidecar", ["Namespace demo", label, "true"]],
  ["workload-gets-sidecar", ["Namespace demo", "metadata.labels", { "istio.io/rev": "canary" }]],
  ["workload-gets-sidecar", ["Deployment user", inject, "false"]],
  ["workload-gets-sidecar", ["StatefulSet store", inject, "false"]],
  ["workload-gets-sidecar", ["Release istiod", "values.revision", "canary"]],
  ["workload-gets-sidecar", ["Release istiod", "values.global.proxy.autoInject", "disabled"]],
  ["strict-mtls-has-proxy", ["Namespace demo", label, "disabled"]],
  ["strict-mtls-has-proxy", ["Deployment payment", "spec.template.spec.hostNetwork", true]],
  ["injection-label-valid", ["Namespace demo", label, "enable"]],
  ["injection-labels-exclusive", ["Namespace demo", 'metadata.labels["istio.io/rev"]', "default"]],
  ["injection-labels-exclusive", ["Namespace demo", 'metadata.labels["istio.io/dataplane-mode"]', "ambient"]],
  ["revision-exists", ["Namespace demo", "metadata.labels", { "istio.io/rev": "stable" }]],
  ["inject-label-on-template", ["Deployment user", 'metadata.labels["sidecar.istio.io/inject"]', "false"]],
  ["inject-value-exact", ["Deployment user", inject, "False"]],
  ["inject-value-exact", ["Deployment user", inject, "yes"]],
  ["workload-depends-on-injector", ["Deployment user", "dependencies", []]],
  ["workload-depends-on-injector", ["CronJob report", "dependencies", []]],
  ["workload-depends-on-injector", ["StatefulSet store", "dependencies", []]],
  ["no-proxy-uid", ["Deployment user", "spec.template.spec.securityContext.runAsUser", 1337]],
  ["no-proxy-uid", ["Deployment user", "spec.template.spec.containers[0].securityContext.runAsGroup", 1337]],
  ["no-proxy-ports", ["Deployment user", "spec.template.spec.containers[0].ports[0].containerPort", 15001]],
  ["port-protocol-declared", ["Service user", "spec.ports[0].name", "web"]],
  ["port-protocol-declared", ["Service store", "spec.ports[0].name"]],
  ["target-port-exists", ["Service user", "spec.ports[0].targetPort", "http-web"]],
  ["route-destination-exists", ["Service user", "", undefined]],
  ["route-destination-exists", ["VirtualService entry", `${destination}.host`, "user-service"]],
  ["route-destination-exists", ["VirtualService entry", `${destination}.port.number`, 8080]],
  ["route-destination-exists", ["Service user", "metadata.name", "users"]],
  ["route-destination-exists", ["Service user", "metadata.namespace", "tools"]],
  ["subset-defined", ["DestinationRule payment", "", undefined]],
  ["subset-defined", ["VirtualService payment", `${destination}.subset`, "v2"]],
  ["subset-defined", ["DestinationRule payment", "spec.subsets[0].name", "v2"]],
  ["subset-selects-pods", ["DestinationRule payment", "spec.subsets[0].labels.version", "2"]],
  ["subset-selects-pods", ["Deployment payment", "spec.template.metadata.labels.version", "v2"]],
  ["subset-selects-pods", ["Service payment", "spec.selector.app", "payments"]],
  ["destination-rule-host-known", ["DestinationRule payment", "spec.host", "payments"]],
  ["destination-rule-host-known", ["ServiceEntry api", "", undefined]],
  ["gateway-reference-valid", ["Gateway entry", "", undefined]],
  ["gateway-reference-valid", ["VirtualService entry", "spec.gateways[0]", "istio-system/entry"]],
  ["gateway-host-matches", ["Gateway entry", "spec.servers[0].hosts[0]", "shop.example.org"]],
  ["gateway-host-matches", ["VirtualService entry", "spec.gateways[0]", "other"]],
  ["gateway-workload-port", ["Gateway entry", "spec.selector.istio", "gateway"]],
  ["gateway-workload-port", ["Gateway entry", "spec.servers[0].port.number", 8080]],
  ["gateway-workload-port", ["Release gateway", "", undefined]],
  ["gateway-workload-port", ["Release gateway", "name", "edge"]],
  [
    "gateways-disjoint",
    [
      "+Gateway twin",
      "",
      { spec: { selector: { istio: "ingressgateway" }, servers: [{ port: { number: 80 }, hosts: ["*"] }] } },
    ],
  ],
  ["mesh-hosts-unique", ["VirtualService entry", "spec", { hosts: ["payment"], http: [] }]],
  ["selectors-disjoint", ["+Sidecar second", "", { spec: { egress: [{ hosts: ["./*"] }] } }]],
  ["selector-matches-workload", ["Sidecar default", "spec.workloadSelector", { labels: { app: "unknown" } }]],
  ["mtls-modes-agree", ["DestinationRule payment", "spec.trafficPolicy.tls.mode", "DISABLE"]],
  ["mtls-modes-agree", ["PeerAuthentication default", "spec.mtls.mode", "DISABLE"]],
  ["authz-targets-exist", ["AuthorizationPolicy payment", "spec.selector.matchLabels.app", "pay"]],
  ["authz-targets-exist", ["AuthorizationPolicy payment", "spec.rules[0].from[1].source.namespaces[0]", "dem"]],
  ["authz-targets-exist", ["ServiceAccount user", "", undefined]],
  ["jwt-route-has-authn", ["RequestAuthentication gateway", "", undefined]],
  ["service-entry-addresses", ["ServiceEntry api", "spec.ports[0].protocol", "TCP"]],
  ["telemetry-provider-named", ["Telemetry default", "spec.accessLogging[0].providers"]],
  [
    "envoy-filter-operation-valid",
    ["EnvoyFilter limit", "spec.configPatches[0]", { applyTo: "CLUSTER", patch: { operation: "REPLACE" } }],
  ],
  ["annotation-known", ["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/proxyCpu"]', "1"]],
  ["annotation-placement", ["Deployment user", 'metadata.annotations["proxy.istio.io/config"]', "{}"]],
  ["annotation-valid", ["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/proxyCPU"]', "a"]],
  ["schema-valid", ["VirtualService entry", "spec.http"]],
  ["schema-valid", ["VirtualService entry", "spec.http[0].timeout", "soon"]],
  ["schema-valid", ["Gateway entry", "spec.servers[0].port.protocol"]],
];

const advisory: readonly [string, Edit][] = [
  ["target-port-exists", ["Service user", "spec.ports[0].targetPort", 8081]],
  ["target-port-exists", ["Deployment user", "spec.template.spec.containers[0].ports[0].containerPort", 5678]],
  ["namespace-membership-explicit", ["Namespace tools", "metadata.labels"]],
  ["host-network-bypasses-mesh", ["Deployment user", "spec.template.spec.hostNetwork", true]],
  ["job-needs-native-sidecar", ["Release istiod", "values.pilot.env.ENABLE_NATIVE_SIDECARS", "false"]],
  ["psa-restricted-needs-cni", ["Namespace demo", 'metadata.labels["pod-security.kubernetes.io/enforce"]', "baseline"]],
  ["unreachable-route", ["VirtualService entry", "spec.http[0].match"]],
  ["retries-need-timeout", ["VirtualService entry", "spec.http[0].timeout", "1s"]],
  ["subset-rule-before-route", ["VirtualService payment", "dependencies", [proxy]]],
  ["destination-rule-on-lookup-path", ["DestinationRule payment", "spec.host", "payment.tools.svc.cluster.local"]],
  ["server-first-explicit-tcp", ["Service store", "spec.ports[0]", { name: "http-db", port: 3306 }]],
  ["canonical-labels", ["Deployment user", "spec.template.metadata.labels.version"]],
  ["ingress-subset-effective", ["VirtualService entry", "spec.http[1].route[0].destination.subset"]],
  ["envoy-filter-order-explicit", ["EnvoyFilter limit", "spec.configPatches[0].patch.operation", "INSERT_AFTER"]],
  ["tls-verifies-server", ["DestinationRule api", "spec.trafficPolicy.tls.caCertificates"]],
  ["images-pinned", ["Deployment user", "spec.template.spec.containers[0].image", "hashicorp/http-echo"]],
  ["dashboards-not-public", ["VirtualService entry", `${destination}.host`, "kiali.tools.svc.cluster.local"]],
];

describe("mutations of the compliant stack", () => {
  it("start from a stack without findings, in every profile", () => {
    for (const profile of ["dev", "prod"] as const) {
      for (const closedWorld of [true, false, "auto"] as const) {
        assert.deepEqual(compliant().check({ profile, closedWorld }), { findings: [], undetermined: [] });
      }
    }
  });

  it("are enough", () => {
    const edits = new Set([...mandatory, ...advisory].map(([, edit]) => JSON.stringify(edit)));
    assert.ok(edits.size >= 60, `${edits.size} edits`);
  });

  for (const [level, list] of [
    ["mandatory", mandatory],
    ["advisory", advisory],
  ] as const) {
    for (const [rule, edit] of list) {
      const value = edit.length > 2 && edit[2] !== undefined ? ` = ${JSON.stringify(edit[2])}` : " removed";
      it(`${edit[0]} ${edit[1]}${value} is caught by ${rule}`, () => {
        const { findings } = compliant().edit([edit]).check();
        const caught = findings.filter((finding) => finding.rule === rule).map((finding) => finding.level);
        assert.ok(caught.includes(level), `${rule} found ${JSON.stringify(caught)}; all: ${JSON.stringify(findings)}`);
      });
    }
  }
});
