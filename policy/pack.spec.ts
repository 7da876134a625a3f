import assert from "node:assert/strict";
import type { ResourceValidationPolicy, StackValidationArgs } from "@pulumi/policy";
import { inputsPolicy, policies, StackCache, type StackResource, engineConfig, placeOf, profileOf } from "./pack";
import { remedies } from "./remedies";
import { rules } from "./rules/index";
import { compliant, unknown, type Stack } from "../test/support/policyStack";

/** What the policy SDK throws when a value is read that is not known yet. */
class UnknownValueError extends Error {}

/** Properties as the SDK hands them over: behind proxies that throw. */
function guarded<T>(value: T): T {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return new Proxy(value, {
    get(target, key) {
      const is = (target as Record<string | symbol, unknown>)[key];
      if (is === unknown) {
        throw new UnknownValueError();
      }
      return guarded(is);
    },
  });
}

function resourcesOf(stack: Stack, name = "dev"): StackResource[] {
  const made = new Map<string, StackResource>();
  for (const { type, name: logical = "", urn = "", props } of stack.resources) {
    const at = urn.replace(":dev::", `:${name}::`);
    made.set(urn, { type, name: logical, urn: at, props: guarded(props), dependencies: [] });
  }
  for (const { urn = "", dependencies = [] } of stack.resources) {
    made.get(urn)!.dependencies = dependencies.flatMap((one) => made.get(one) ?? []);
  }
  return [...made.values()];
}

interface Violation {
  policy: string;
  message: string;
  urn?: string | undefined;
  level?: string;
}

/** Asks every stack policy, as the SDK does. */
function violations(
  stack: Stack,
  config: Record<string, object> = {},
  { name, stackConfig }: { name?: string; stackConfig?: Record<string, string> } = {},
): Violation[] {
  const found: Violation[] = [];
  for (const policy of policies(new StackCache(stackConfig))) {
    if (!("validateStack" in policy)) {
      continue;
    }
    const level = policy.enforcementLevel ?? "";
    const report = (said: string | Violation, urn?: string): void => {
      const more = typeof said === "string" ? { message: said, urn } : said;
      const at = (said as { enforcementLevel?: string }).enforcementLevel ?? level;
      found.push({ policy: policy.name, level: at, message: more.message, urn: more.urn });
    };
    const args = { resources: resourcesOf(stack, name), getConfig: () => config[policy.name] ?? {} };
    void policy.validateStack(args as unknown as StackValidationArgs, report);
  }
  return found;
}

describe("the policy pack", () => {
  it("has a policy for each rule, one for settings, one that sees the inputs, and remedies that are off", () => {
    const all = policies();
    assert.equal(all.length, 2 + rules.length + remedies.length);
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
    const off = all.filter(({ enforcementLevel }) => enforcementLevel === "disabled");
    assert.deepEqual(
      off.map(({ name }) => name),
      remedies.map(({ name }) => name),
    );
  });

  it("passes the compliant stack", () => {
    assert.deepEqual(violations(compliant()), []);
    assert.deepEqual(violations(compliant(), {}, { name: "prod" }), []);
  });

  it("names the Deployment and the fix where the label is removed", () => {
    const found = violations(compliant().edit([["Namespace demo", 'metadata.labels["istio-injection"]']]));
    const violation = found.find(({ message }) => message.includes("Deployment demo/user"));
    assert.equal(violation?.policy, "workload-gets-sidecar");
    assert.equal(violation.level, "mandatory");
    assert.match(violation.message, /Label the namespace with istio-injection: enabled/);
    assert.match(violation.urn ?? "", /Deployment::user$/);
  });

  it("goes by what is declared where the provider foretells a label that was just removed", () => {
    const cache = new StackCache();
    const collector = policies(cache).find(({ name }) => name === inputsPolicy) as ResourceValidationPolicy;
    const declared = compliant().edit([["Namespace demo", 'metadata.labels["istio-injection"]']]);
    for (const args of resourcesOf(declared)) {
      void (collector.validateResource as (args: unknown) => void)(args);
    }
    const { mesh } = cache.get("any", resourcesOf(compliant()));
    assert.equal(mesh.namespace("demo")?.labels["istio-injection"], undefined);
  });

  it("judges all the rest where a value is not known, and says what it could not judge", () => {
    const found = violations(
      compliant().edit([
        ["Service user", "spec.ports[0].name", unknown],
        ["Service payment", "spec.ports[0].name", "web"],
      ]),
    );
    const by = (name: string): Violation[] =>
      found.filter(({ policy, message }) => policy === "port-protocol-declared" && message.includes(name));
    assert.deepEqual(
      by("demo/payment").map(({ level }) => level),
      ["mandatory"],
    );
    assert.deepEqual(
      by("demo/user").map(({ level }) => level),
      ["advisory"],
    );
    assert.match(by("demo/user")[0]!.message, /not judged yet/);
  });

  it("takes its settings, and reports what is wrong with them", () => {
    const broken = compliant().edit([
      ["VirtualService entry", "spec.http[0].route[0].destination.host", "old.example.com"],
    ]);
    const known = { "mesh-settings": { externalHosts: ["*.example.com"] } };
    assert.deepEqual(violations(broken, known), []);
    const wrong = violations(compliant(), { "mesh-settings": { profile: "x" } });
    assert.deepEqual(
      wrong.map(({ policy }) => policy),
      ["mesh-settings"],
    );
    assert.match(wrong[0]!.message, /profile is "x"/);
  });

  it("takes levels with its settings, and lets what is uncertain stop nothing", () => {
    const optOut = compliant().edit([
      ["Job migrate", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "false"],
    ]);
    const levelsOf = (stack: Stack, levels: object): (string | undefined)[] =>
      violations(stack, { "mesh-settings": { levels } }).map(({ level }) => level);
    assert.deepEqual(levelsOf(optOut, { "workload-gets-sidecar": "advisory" }), ["advisory"]);
    assert.deepEqual(levelsOf(optOut, { "workload-gets-sidecar": "disabled" }), []);
    const open = compliant().edit([["VirtualService entry", "spec.http[0].route[0].destination.host", "kiali"]]);
    const public_ = (levels: object) =>
      violations(open, { "mesh-settings": { levels } }).find(({ policy }) => policy === "dashboards-not-public")?.level;
    assert.equal(public_({}), "advisory");
    assert.equal(public_({ "dashboards-not-public": "mandatory" }), "mandatory");
  });

  it("takes the configuration of a rule", () => {
    const optOut = compliant().edit([
      ["Job migrate", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "false"],
    ]);
    assert.equal(violations(optOut).length, 1);
    assert.deepEqual(violations(optOut, { "workload-gets-sidecar": { allowOptOut: true } }), []);
  });

  it("is stricter for a stack whose configuration says prod, whatever its name", () => {
    const open = compliant().edit([["VirtualService entry", "spec.http[0].route[0].destination.host", "kiali"]]);
    const levels = (name: string, profile?: string) =>
      violations(open, {}, { name, stackConfig: profile === undefined ? {} : { "mesh:profile": profile } })
        .filter(({ policy }) => policy === "dashboards-not-public")
        .map(({ level }) => level);
    assert.deepEqual(levels("eu-1", "prod"), ["mandatory"]);
    assert.deepEqual(levels("prod-eu", "dev"), ["advisory"]);
    assert.deepEqual(levels("dev"), ["advisory"]);
    assert.deepEqual(levels("prod-eu"), ["mandatory"]);
  });
});

describe("remedies", () => {
  const mend = (name: string, type: string, props: Record<string, unknown>): boolean => {
    const remedy = remedies.find((one) => one.name === name)!;
    return remedy.applies(type) && remedy.mend(props);
  };

  it("copy the label to the template", () => {
    const props = { metadata: { labels: { "sidecar.istio.io/inject": "true" } }, spec: { template: {} } };
    assert.ok(mend("mend-inject-label-on-template", "kubernetes:apps/v1:Deployment", props));
    assert.deepEqual(props.spec.template, { metadata: { labels: { "sidecar.istio.io/inject": "true" } } });
    assert.ok(!mend("mend-inject-label-on-template", "kubernetes:apps/v1:Deployment", props), "only once");
    assert.ok(!mend("mend-inject-label-on-template", "kubernetes:core/v1:Service", props));
  });

  it("name a port after its appProtocol", () => {
    const ports = [
      { name: "web", appProtocol: "http" },
      { name: "http", appProtocol: "http" },
      { name: "http-api", appProtocol: "grpc" },
      { name: "x", appProtocol: "gopher" },
      { name: "x" },
    ];
    assert.ok(mend("mend-port-name", "kubernetes:core/v1:Service", { spec: { ports } }));
    assert.deepEqual(
      ports.map(({ name }) => name),
      ["http-web", "http", "grpc-api", "x", "x"],
    );
    assert.ok(!mend("mend-port-name", "kubernetes:core/v1:Service", {}));
  });
});

describe("the profile of a stack", () => {
  const cases: [string, Record<string, string>, "dev" | "prod", string][] = [
    ["eu-1", { "mesh:profile": "prod" }, "prod", "is what its configuration says"],
    ["prod-eu", { "mesh:profile": "dev" }, "dev", "is not what its name says, where the configuration says otherwise"],
    ["prod", { "mesh:profile": "sandbox" }, "dev", "is dev for any other profile"],
    ["prod-eu", { "other:profile": "dev" }, "prod", "goes by its name where the project has no such key"],
    ["prod-eu", { "mesh:profile": "" }, "prod", "goes by its name where the key is not set"],
    ["reprod", {}, "dev", "goes by how its name begins"],
  ];
  for (const [stack, config, expected, title] of cases) {
    it(title, () => assert.equal(profileOf({ project: "mesh", stack, config }), expected));
  }

  it("is what its output says, before anything else", () => {
    const facts = { project: "mesh", stack: "anything", config: { "mesh:profile": "dev" } };
    assert.equal(profileOf({ ...facts, output: "prod" }), "prod");
    assert.equal(profileOf({ ...facts, stack: "prod", config: {}, output: "dev" }), "dev");
  });

  it("is found by the project and the stack that a URN names", () => {
    assert.deepEqual(placeOf("urn:pulumi:dev::mesh::x:y:Z::name"), { project: "mesh", stack: "dev" });
    assert.deepEqual(placeOf("none"), { project: "", stack: "" });
    assert.deepEqual(placeOf(undefined), { project: "", stack: "" });
  });

  it("is read from what the engine gives a process", () => {
    assert.deepEqual(engineConfig({ PULUMI_CONFIG: '{"mesh:profile":"prod"}' }), { "mesh:profile": "prod" });
    assert.deepEqual(engineConfig({}), {});
    assert.deepEqual(engineConfig({ PULUMI_CONFIG: "{" }), {});
  });
});
