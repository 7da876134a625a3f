import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { judge } from "../support/judge";
import { declareProgram } from "../support/declaredProgram";

/** The parts of a small mesh; each program puts them together in its own way. */
class Parts extends pulumi.ComponentResource {
  constructor(dependsOn: pulumi.Resource[]) {
    super("test:index:Parts", "parts", {}, { dependsOn });
    this.registerOutputs();
  }
}

function istiod(): k8s.helm.v3.Release {
  const [chart, namespace] = ["istiod", "istio-system"];
  return new k8s.helm.v3.Release("istiod", { chart, name: "istiod", namespace });
}

function demo(dependsOn: pulumi.Resource[]): k8s.core.v1.Namespace {
  const metadata = { name: "demo", labels: { "istio-injection": "enabled" } };
  return new k8s.core.v1.Namespace("demo", { metadata }, { dependsOn });
}

function user(namespace: pulumi.Input<string>, opts: pulumi.CustomResourceOptions = {}): void {
  const labels = { app: "user", version: "v1" };
  const containers = [{ name: "user", image: "echo:1.0.0" }];
  const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } };
  new k8s.apps.v1.Deployment("user", { metadata: { name: "user", namespace }, spec }, opts);
}

/** What the policies find in a program that is run in-process. */
async function findings(program: () => void) {
  const declared = await declareProgram({
    project: "project",
    stack: "stack",
    config: {},
    load: () => Promise.resolve(program()).then(() => ({})),
  });
  return { declared, found: judge(declared).findings.map(({ rule, resource }) => `${rule} ${resource}`) };
}

describe("declareProgram", () => {
  it("records what each resource waits for: by dependsOn, by a value, and through its parent", async () => {
    const { declared, found } = await findings(() => {
      const control = istiod();
      const namespace = demo([control]);
      const parent = new Parts([control]);
      user(namespace.metadata.name, { parent });
    });
    const of = (name: string) => [...declared.resources, ...declared.components].find((one) => one.name === name)!;
    assert.deepEqual(of("demo").dependencies, [of("istiod").urn]);
    assert.deepEqual(of("user").dependencies, [of("demo").urn]);
    assert.equal(of("user").parent, of("parts").urn);
    assert.deepEqual(of("parts").dependencies, [of("istiod").urn]);
    assert.match(of("user").urn, /^urn:pulumi:stack::project::.*kubernetes:apps\/v1:Deployment::user$/);
    assert.deepEqual(found, []);
  });

  it("lets the policies find a workload whose dependsOn is left out", async () => {
    const { found } = await findings(() => {
      istiod();
      demo([]);
      user("demo");
    });
    assert.deepEqual(found, [
      "workload-depends-on-injector Deployment demo/user",
      "workload-depends-on-injector Deployment demo/user",
    ]);
  });

  it("lets the policies find a route that does not wait for the subset it names", async () => {
    const apiVersion = "networking.istio.io/v1";
    const metadata = { name: "user", namespace: "demo" };
    const rule = { host: "user", subsets: [{ name: "v1", labels: { version: "v1" } }] };
    const route = { hosts: ["user"], http: [{ route: [{ destination: { host: "user", subset: "v1" } }] }] };
    const program = (waits: boolean) => () => {
      const control = istiod();
      const namespace = demo([control]);
      user(namespace.metadata.name);
      const ports = [{ name: "http", port: 80 }];
      new k8s.core.v1.Service("user", { metadata, spec: { selector: { app: "user" }, ports } });
      const subsets = new k8s.apiextensions.CustomResource("subsets", {
        apiVersion,
        kind: "DestinationRule",
        metadata,
        spec: rule,
      });
      const dependsOn = waits ? [subsets] : [];
      const args = { apiVersion, kind: "VirtualService", metadata, spec: route };
      new k8s.apiextensions.CustomResource("route", args, { dependsOn });
    };
    assert.deepEqual((await findings(program(true))).found, []);
    assert.deepEqual((await findings(program(false))).found, ["subset-rule-before-route VirtualService demo/user"]);
  });

  it("leaves out what is only read, and knows the namespace that a provider sets", async () => {
    const { declared } = await findings(() => {
      const provider = new k8s.Provider("cluster", { namespace: "demo" });
      new k8s.core.v1.ConfigMap("settings", { data: {} }, { provider });
      k8s.core.v1.Service.get("read", "istio-system/istiod", { provider });
    });
    assert.deepEqual(
      declared.resources.map(({ name, defaultNamespace }) => [name, defaultNamespace]),
      [
        ["cluster", undefined],
        ["settings", "demo"],
      ],
    );
  });
});
