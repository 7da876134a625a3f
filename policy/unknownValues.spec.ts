/** What a preview does not know yet breaks no rule, whichever value it is. */
import assert from "node:assert/strict";
import { checkResources, type Outcome } from "./check";
import { unknown, type ProgramResource } from "./mesh/pulumi";
import { compliant, type Edit } from "../test/support/policyStack";

/** The ways to all values below one. */
function* waysIn(value: unknown, way: readonly string[] = []): Generator<readonly string[]> {
  if (way.length > 0) {
    yield way;
  }
  if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      yield* waysIn(item, [...way, key]);
    }
  }
}

function hide(props: Record<string, unknown>, way: readonly string[]): Record<string, unknown> {
  const copy = structuredClone(props);
  const parent = way.slice(0, -1).reduce<Record<string, unknown>>((at, key) => at[key] as typeof at, copy);
  parent[way.at(-1)!] = unknown;
  return copy;
}

function checkWithout(
  { resources }: { resources: ProgramResource[] },
  of: ProgramResource,
  way: readonly string[],
): Outcome {
  return checkResources(resources.map((one) => (one === of ? { ...one, props: hide(one.props, way) } : one)));
}

const more: readonly Edit[] = [
  [
    "Release istiod",
    "values",
    {
      revision: "",
      revisionTags: ["prod"],
      global: { proxy: { autoInject: "enabled" } },
      sidecarInjectorWebhook: { neverInjectSelector: [], rewriteAppHTTPProbe: true },
      meshConfig: {
        rootNamespace: "istio-system",
        extensionProviders: [{ name: "otel", opentelemetry: { service: "user.demo.svc.cluster.local", port: 80 } }],
        defaultProviders: { accessLogging: ["envoy"] },
      },
    },
  ],
  ["Telemetry default", "spec.tracing[0].providers", [{ name: "otel" }]],
  [
    "+KubernetesGateway edge",
    "",
    {
      metadata: { annotations: { "cert-manager.io/issuer": "ca" } },
      spec: {
        gatewayClassName: "istio",
        listeners: [
          {
            name: "https",
            port: 443,
            protocol: "HTTPS",
            tls: { certificateRefs: [{ name: "edge" }] },
            allowedRoutes: {
              namespaces: { from: "Selector", selector: { matchLabels: { "istio-injection": "enabled" } } },
            },
          },
        ],
      },
    },
  ],
  ["+Secret edge", "", { type: "kubernetes.io/tls", data: {} }],
  [
    "+HTTPRoute user",
    "",
    { spec: { parentRefs: [{ name: "edge" }], rules: [{ backendRefs: [{ name: "user", port: 80 }] }] } },
  ],
  [
    "+AuthorizationPolicy edge",
    "",
    {
      spec: {
        targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" }],
        rules: [{ to: [{ operation: { paths: ["/user"] } }] }],
      },
    },
  ],
];

describe("unknown values", () => {
  it("break no rule, each by itself", () => {
    const stack = compliant().edit(more);
    assert.deepEqual(stack.check().findings, []);
    for (const resource of stack.resources) {
      for (const way of waysIn(resource.props)) {
        const { findings } = checkWithout(stack, resource, way);
        assert.deepEqual(findings, [], `${resource.type} ${resource.name}: ${way.join(".")}`);
      }
    }
  }).timeout(60_000);

  it("are named, where the namespace of everything is one of them", () => {
    const stack = compliant();
    const hidden = stack.resources.map((one) =>
      one.type.endsWith(":Release") || one.type.endsWith(":Namespace")
        ? one
        : { ...one, props: hide(one.props, ["metadata", "namespace"]) },
    );
    const { findings, undetermined } = checkResources(hidden);
    assert.deepEqual(findings, []);
    assert.ok(
      undetermined.some(({ resource, rule }) => resource === "Deployment user" && rule === "workload-gets-sidecar"),
    );
    assert.ok(undetermined.every(({ reason }) => /known only after deployment/.test(reason)));
  });
});
