import assert from "node:assert/strict";
import { runtime } from "@pulumi/pulumi";
import type { DeclaredResource } from "../sandbox/applier/declare";
import { checkPolicies } from "./policyCheck";

const deployment = (podLabels: Record<string, unknown>): DeclaredResource => ({
  type: "kubernetes:apps/v1:Deployment",
  name: "user",
  props: {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "user", namespace: "demo" },
    spec: {
      selector: { matchLabels: { app: "user" } },
      template: {
        metadata: { labels: { app: "user", version: "v1", ...podLabels } },
        spec: { containers: [{ name: "user", image: "echo:1.0.0" }] },
      },
    },
  },
});
const program = (namespaceLabels: Record<string, unknown>, podLabels = {}): DeclaredResource[] => [
  {
    type: "kubernetes:core/v1:Namespace",
    name: "demo",
    props: { apiVersion: "v1", kind: "Namespace", metadata: { name: "demo", labels: namespaceLabels } },
  },
  {
    type: "kubernetes:helm.sh/v3:Release",
    name: "istiod",
    props: { chart: "istiod", name: "istiod", namespace: "istio-system", values: {} },
  },
  deployment(podLabels),
];

describe("checkPolicies", () => {
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);

  it("lets a compliant program pass, and says so", () => {
    checkPolicies(program({ "istio-injection": "enabled" }), "dev", log);
    assert.match(lines.at(-1)!, /^policies: 3 resources checked, no mandatory finding/);
  });

  it("forbids a workload that would run without its sidecar, and names it", () => {
    assert.throws(
      () =>
        checkPolicies(program({ "istio-injection": "enabled" }, { "sidecar.istio.io/inject": "false" }), "dev", log),
      /forbid this; nothing was changed\n.*\[mandatory\] workload-gets-sidecar: Deployment demo\/user/s,
    );
  });

  it("does not judge what is not known yet", () => {
    checkPolicies(program({ "istio-injection": runtime.unknownValue }), "dev", log);
  });
});
