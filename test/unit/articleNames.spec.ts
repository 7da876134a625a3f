import assert from "node:assert/strict";
import { audit } from "../../commands/down/audit";
import { parseConfig } from "../../stacks/config";
import { proxyScopes } from "../../stacks/proxyScopes";
import { declaredMesh } from "../../stacks/declared";
import type { Settings } from "../../stacks/settings";
import type { Declared } from "../support/declare";
import { declaredBy } from "../support/declared";
import { checkPolicies } from "../support/judge";
import { wholeProgram } from "../support/wholeProgram";

const settings = { articleNames: "true", dashboardsExposed: "true", observabilityNetworkPolicy: "true" };
const elsewhere = /istio-ingress(?!gateway)|\bobservability\b/;

function parsed(config: Record<string, string> = {}): Settings {
  return parseConfig({ "sidecar-mesh:articleNames": "true", ...config }) as Settings;
}

describe("articleNames", () => {
  let resources: readonly Declared[];
  let outputs: Record<string, any>;
  const one = (kind: string, name: string) =>
    resources.find(({ type, inputs }) => type.endsWith(`:${kind}`) && inputs.metadata?.name === name)?.inputs as
      Record<string, any> | undefined;

  before(async function () {
    this.timeout(60_000);
    ({ resources, outputs } = (await wholeProgram("dev", settings)) as { resources: Declared[]; outputs: object });
  });

  it("has a Service of the article's name and port in istio-system for each page", () => {
    for (const [name, port] of [
      ["prometheus", 9090],
      ["jaeger-query", 16686],
      ["kiali", 20001],
      ["grafana", 3000],
    ] as const) {
      const service = one("Service", name);
      assert.equal(service?.metadata.namespace, "istio-system", name);
      assert.ok(
        service.spec.ports.some((each: { port: number }) => each.port === port),
        name,
      );
    }
  });

  it("puts istiod, gateways and pages into the one namespace, which it makes once and leaves without a label", () => {
    const made = resources.filter(({ type }) => type === "kubernetes:core/v1:Namespace");
    assert.deepEqual(
      made.map(({ inputs }) => [inputs.metadata.name, inputs.metadata.labels?.["istio-injection"]]),
      [
        ["istio-system", undefined],
        ["demo", "enabled"],
      ],
    );
    const releases = resources.filter(({ type }) => type.endsWith(":Release"));
    assert.deepEqual(
      releases.map(({ inputs }) => [inputs.name, inputs.namespace]),
      ["istio-base", "istiod", "istio-ingressgateway"].map((name) => [name, "istio-system"]),
    );
  });

  it("names no other namespace in anything that it declares", () => {
    // Names in Pulumi's state, and what Kiali's and Grafana's settings are called, are no namespaces.
    const named = resources.flatMap(({ type, name, inputs }) =>
      [...JSON.stringify(inputs).matchAll(new RegExp(elsewhere, "g"))].map(
        ({ index }) => `${type} ${name}: ${JSON.stringify(inputs).slice(index - 30, index + 30)}`,
      ),
    );
    assert.deepEqual(
      named.filter((text) => !/\\"observability\\":|metrics/.test(text)),
      [],
    );
  });

  it("sends spans and logs to that namespace, and Grafana and Kiali ask there", () => {
    const istiod = JSON.stringify(resources.find(({ name }) => name === "istio-istiod")?.inputs);
    assert.match(istiod, /jaeger-collector\.istio-system\.svc\.cluster\.local/);
    assert.match(one("ConfigMap", "log-scraper")!.data["config.json"], /http:\/\/loki\.istio-system\.svc:3100/);
    const sources = one("ConfigMap", "grafana")!.data["datasources.yaml"] as string;
    for (const url of ["prometheus.istio-system:9090", "jaeger-query.istio-system:16686", "loki.istio-system:3100"]) {
      assert.ok(sources.includes(url), `${url} in ${sources}`);
    }
    const { destination } = one("VirtualService", "demo-vs")!.spec.http.find(
      (route: { name: string }) => route.name === "/jaeger",
    ).route[0];
    assert.equal(destination.host, "jaeger-query.istio-system.svc.cluster.local");
    assert.match(JSON.stringify(one("ConfigMap", "prometheus")), /jaeger-collector\.istio-system:8888/);
  });

  it("selects its own pods alone in the NetworkPolicies, so that istiod and the gateways stay reachable", () => {
    const policies = resources.filter(
      ({ type, inputs }) => type.endsWith(":NetworkPolicy") && inputs.metadata.namespace === "istio-system",
    );
    assert.ok(policies.length >= 4, String(policies.length));
    for (const { inputs } of policies) {
      const { matchLabels, matchExpressions } = inputs.spec.podSelector;
      const apps = matchLabels ? [matchLabels.app] : matchExpressions.flatMap((each: any) => each.values as string[]);
      assert.ok(apps.length > 0 && !matchExpressions?.some((each: any) => each.operator !== "In"));
      assert.ok(!apps.some((app: string) => /istio/.test(app)), apps.join());
    }
  });

  it("says so in the outputs that commands and people go by", () => {
    const { dashboards } = outputs as { dashboards: unknown };
    assert.ok(dashboards);
    const { namespaces } = declaredMesh(parsed(), { namespace: "istio-system", serviceAccount: "gateway" });
    assert.deepEqual(namespaces, {
      ...{ mesh: "demo", system: "istio-system", gateway: "istio-system", observability: "istio-system" },
      rateLimit: undefined,
    });
  });

  it("lets proxies know the namespace once", () => {
    const scopes = proxyScopes(parsed({ "sidecar-mesh:proxyScope": "declared" }))!;
    const all = [...scopes.common, ...scopes.ofGateway];
    assert.deepEqual(all, ["istio-system/*", "*/jaeger-collector.istio-system.svc.cluster.local"]);
    const usual = proxyScopes(parseConfig({ "sidecar-mesh:proxyScope": "declared" }) as Settings)!;
    assert.deepEqual(usual.ofGateway, ["istio-ingress/*"]);
  });

  for (const stack of ["dev", "prod"]) {
    it(`declares nothing in ${stack} that the policies find fault with, or can't judge`, async function () {
      this.timeout(60_000);
      const declared = await declaredBy(stack, { articleNames: "true" });
      const lines: string[] = [];
      checkPolicies(declared, { profile: declared.profile }, (line) => lines.push(line));
      assert.deepEqual(lines.slice(0, -1), []);
    });
  }

  it("leaves the names of the other layout reserved, and both are audited", async () => {
    for (const namespace of ["istio-system", "istio-ingress", "observability"]) {
      assert.throws(() => parsed({ "sidecar-mesh:namespace": namespace }), /the cluster or this stack uses it/);
      const list = (_: string, kind: string) =>
        Promise.resolve(kind === "Namespace" ? [{ kind, metadata: { name: namespace } }] : []);
      assert.equal((await audit({ list })).length, 1, namespace);
    }
  });
});
