import assert from "node:assert/strict";
import { runtime } from "@pulumi/pulumi";
import type { DeclaredResource } from "../toolchain/applier/declare";
import type { Settings } from "../policy/settings";
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
  let lines: string[];
  beforeEach(() => (lines = []));
  const check = (resources: DeclaredResource[], settings: Partial<Settings> = {}) =>
    checkPolicies({ resources }, settings, (line) => lines.push(line));
  const enabled = { "istio-injection": "enabled" };
  const optedOut = { "sidecar.istio.io/inject": "false" };

  it("lets a compliant program pass, and says so", () => {
    check(program(enabled));
    assert.deepEqual(lines, ["policies: 3 resources checked, no mandatory finding"]);
  });

  it("forbids a workload that would run without its sidecar, and names it", () => {
    assert.throws(
      () => check(program(enabled, optedOut)),
      /forbid this; nothing was changed\n.*\[mandatory\] workload-gets-sidecar: Deployment demo\/user/s,
    );
  });

  it("does not judge what is not known yet, and names and counts it", () => {
    check(program({ "istio-injection": runtime.unknownValue }));
    const open = lines.filter((line) => / is not judged yet, for /.test(line));
    assert.ok(
      open.some((line) =>
        /^Deployment demo\/user: workload-gets-sidecar is not judged yet, for .*deployment/.test(line),
      ),
      lines.join("\n"),
    );
    assert.equal(lines.at(-1), `policies: 3 resources checked, no mandatory finding, ${open.length} not judged yet`);
  });

  it("goes by the settings that it is given", () => {
    check(program(enabled, optedOut), { rules: { "workload-gets-sidecar": { allowOptOut: true } } });
    check(program(enabled, optedOut), { levels: { "workload-gets-sidecar": "advisory" } });
    assert.match(lines.join("\n"), /\[advisory\] workload-gets-sidecar: Deployment demo\/user/);
  });
});
