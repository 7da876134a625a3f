import assert from "node:assert/strict";
import { checkManifests } from "../check";
import { defaultSettings } from "../settings";
import { specify, unknown } from "../../test/support/policyStack";
import { noDeprecatedFields, objectDeclaredOnce, proxyConfigValid, schemaAdvice, schemaValid } from "./schema";

specify(noDeprecatedFields, {
  violations: [
    {
      it: "finds the percent of a delay",
      edits: [["VirtualService entry", "spec.http[0].fault", { delay: { percent: 10, fixedDelay: "1s" } }]],
      on: "VirtualService demo/entry",
      code: "IST0002",
    },
    {
      it: "finds an egress proxy",
      edits: [["Sidecar default", "spec.outboundTrafficPolicy", { egressProxy: { host: "x" } }]],
      on: "Sidecar demo/default",
    },
    {
      it: "finds a removed kind",
      edits: [
        ["+CustomResourceDefinition x", "", { spec: { group: "rbac.istio.io", names: { kind: "ServiceRole" } } }],
      ],
      on: "CustomResourceDefinition x",
    },
    {
      it: "finds a deprecated provider",
      edits: [
        ["Release istiod", "values.meshConfig.extensionProviders", [{ name: "old", lightstep: {} }]],
        ["Telemetry default", "spec.tracing[0].providers", [{ name: "old" }]],
      ],
      on: "Telemetry demo/default",
    },
  ],
  passes: [{ it: "passes rules without faults", edits: [["VirtualService entry", "spec.http[0].fault", {}]] }],
  unknown: { edits: [["VirtualService entry", "spec.http[0].fault", unknown]], on: "VirtualService demo/entry" },
});

specify(schemaValid, {
  violations: [
    {
      it: "finds a wrong type",
      edits: [["Service user", "spec.ports", "80"]],
      on: "Service demo/user",
      code: "IST0106",
    },
    {
      it: "finds a label that is no string",
      edits: [["Deployment user", "spec.template.metadata.labels.version", 1]],
      on: "Deployment demo/user",
    },
    {
      it: "finds a VirtualService without rules",
      edits: [["VirtualService entry", "spec.http"]],
      on: "VirtualService demo/entry",
    },
    {
      it: "finds weights that add up to nothing",
      edits: [
        [
          "VirtualService entry",
          "spec.http[0].route",
          [{ destination: { host: "user" } }, { destination: { host: "payment" } }],
        ],
      ],
      on: "VirtualService demo/entry",
    },
    {
      it: "finds a duration that is none",
      edits: [["VirtualService entry", "spec.http[0].timeout", "5"]],
      on: "VirtualService demo/entry",
    },
    { it: "finds a Gateway without servers", edits: [["Gateway entry", "spec.servers", []]], on: "Gateway demo/entry" },
    {
      it: "finds HTTPS without TLS",
      edits: [["Gateway entry", "spec.servers[0].port.protocol", "HTTPS"]],
      on: "Gateway demo/entry",
    },
    {
      it: "finds an unknown protocol",
      edits: [["Gateway entry", "spec.servers[0].port.protocol", "WEB"]],
      on: "Gateway demo/entry",
    },
    {
      it: "finds a DestinationRule without a host",
      edits: [["DestinationRule payment", "spec.host"]],
      on: "DestinationRule demo/payment",
    },
    {
      it: "finds a subset twice",
      edits: [
        ["DestinationRule payment", "spec.subsets", [1, 2].map(() => ({ name: "v1", labels: { version: "v1" } }))],
      ],
      on: "DestinationRule demo/payment",
    },
    {
      it: "finds a ServiceEntry without hosts",
      edits: [["ServiceEntry api", "spec.hosts", []]],
      on: "ServiceEntry demo/api",
    },
    { it: "finds an empty Sidecar", edits: [["Sidecar default", "spec", {}]], on: "Sidecar demo/default" },
    {
      it: "finds a mode that is none",
      edits: [["PeerAuthentication default", "spec.mtls.mode", "ON"]],
      on: "PeerAuthentication demo/default",
    },
    {
      it: "finds an action that is none",
      edits: [["AuthorizationPolicy payment", "spec.action", "PERMIT"]],
      on: "AuthorizationPolicy demo/payment",
    },
    {
      it: "finds a share that is none",
      edits: [["Telemetry default", "spec.tracing[0].randomSamplingPercentage", 120]],
      on: "Telemetry demo/default",
    },
  ],
  unknown: { edits: [["VirtualService entry", "spec.http[0].timeout", unknown]], on: "VirtualService demo/entry" },
  silent: true,
});

specify(schemaAdvice, {
  violations: [
    {
      it: "finds a deprecated field",
      edits: [["VirtualService entry", "spec.http[0].mirrorPercent", 10]],
      on: "VirtualService demo/entry",
      code: "IST0133",
    },
    {
      it: "finds several tracing providers",
      edits: [["Telemetry default", "spec.tracing[0].providers", [{ name: "a" }, { name: "b" }]]],
      on: "Telemetry demo/default",
    },
    {
      it: "finds a selector without labels",
      edits: [["Sidecar default", "spec.workloadSelector", {}]],
      on: "Sidecar demo/default",
    },
    {
      it: "finds certificates that are ignored",
      edits: [["Gateway entry", "spec.servers[0].tls", { mode: "PASSTHROUGH", credentialName: "x" }]],
      on: "Gateway demo/entry",
    },
  ],
  passes: [{ it: "leaves errors to the rule for them", edits: [["Gateway entry", "spec.servers", []]] }],
  unknown: {
    edits: [["VirtualService entry", "spec.http[0].mirrorPercent", unknown]],
    on: "VirtualService demo/entry",
  },
});

const proxyConfig = 'spec.template.metadata.annotations["proxy.istio.io/config"]';

specify(proxyConfigValid, {
  violations: [
    {
      it: "finds a field that is none",
      edits: [["Deployment user", proxyConfig, "holdApplicationUntilProxyStart: true"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds a value of another type",
      edits: [["Deployment user", proxyConfig, "concurrency: two"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds what is no YAML",
      edits: [["Deployment user", proxyConfig, "concurrency: [2"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds a wrong value in the mesh configuration",
      edits: [["+ConfigMap istio", "", { data: { mesh: "accessLogEncoding: XML" } }]],
      on: "ConfigMap demo/istio",
    },
  ],
  passes: [
    {
      it: "passes fields that are there",
      edits: [["Deployment user", proxyConfig, "holdApplicationUntilProxyStarts: true"]],
    },
  ],
  unknown: { edits: [["Deployment user", proxyConfig, unknown]], on: "Deployment demo/user" },
});

// The engine of a Pulumi program refuses a second resource of a name itself: only manifests can have one.
describe(objectDeclaredOnce.name, () => {
  const manifest = (name: string, port: number): string =>
    `{apiVersion: v1, kind: Service, metadata: {name: ${name}, namespace: demo}, spec: {ports: [{name: http, port: ${port}}]}}`;
  const repeated = (...manifests: string[]) =>
    checkManifests([{ file: "all.yaml", text: manifests.join("\n---\n") }], defaultSettings).findings.filter(
      ({ rule }) => rule === objectDeclaredOnce.name,
    );

  it("finds an object that is given twice, at the first place", () => {
    assert.deepEqual(
      repeated(manifest("a", 80), manifest("a", 81)).map(({ resource, line, level }) => ({ resource, line, level })),
      [{ resource: "Service demo/a", line: 1, level: "advisory" }],
    );
  });

  it("passes two objects", () => {
    assert.deepEqual(repeated(manifest("a", 80), manifest("b", 80)), []);
  });
});
