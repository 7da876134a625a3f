import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { declare, errorOf, valueOf } from "../test/support/declare";
import { chartReference, chartsMissingFrom, parseChartSource } from "./helmChart";
import type { IstioArgs } from "./istio";
import { Istio } from "./istio";

const args: IstioArgs = {
  version: "1.31.4",
  charts: "https://charts.example",
  hub: "registry.example/istio",
  tag: "1.31.4",
  istiodResources: { requests: { cpu: "50m" } },
  sidecarResources: { requests: { cpu: "10m" } },
  istiodScaling: { replicas: 1 },
  ingressGateway: {
    serviceType: "NodePort",
    nodePorts: { http: 30080, https: 30443 },
    resources: {},
    scaling: { replicas: 1 },
  },
};

describe("Istio", () => {
  it("installs base, istiod and the gateway, in that order, at one version", async () => {
    const { all } = await declare(() => new Istio("istio", args));
    const releases = all("Release").map(({ inputs }) => inputs);
    assert.deepEqual(
      releases.map(({ chart, name, version }) => [chart, name, version]),
      [
        ["base", "istio-base", "1.31.4"],
        ["istiod", "istiod", "1.31.4"],
        ["gateway", "istio-ingressgateway", "1.31.4"],
      ],
    );
    assert.ok(releases.every(({ repositoryOpts }) => repositoryOpts.repo === "https://charts.example"));
  });

  it("waits for all that is started, and not for resource definitions, which are not needed before istiod is ready", async () => {
    const { all, one } = await declare(() => new Istio("istio", args));
    assert.deepEqual(
      all("Release").map(({ inputs }) => inputs.skipAwait),
      [true, undefined, undefined],
    );
    assert.ok(one("PeerAuthentication").order > one("Release", "istiod").order);
  });

  it("declares the objects of its charts, not releases, where manifests are written", async () => {
    const { all, result } = await declare(() => new Istio("istio", { ...args, manifests: true }));
    assert.deepEqual(all("Release"), []);
    assert.deepEqual(
      all("Chart").map(({ inputs }) => [inputs.chart, inputs.name, inputs.namespace, inputs.repositoryOpts.repo]),
      [
        ["base", "istio-base", "istio-system", "https://charts.example"],
        ["istiod", "istiod", "istio-system", "https://charts.example"],
        ["gateway", "istio-ingressgateway", "istio-ingress", "https://charts.example"],
      ],
    );
    assert.equal(await valueOf(result.ingressService), "istio-ingressgateway");
  });

  it("demands mutual TLS of the whole mesh", async () => {
    const { one } = await declare(() => new Istio("istio", args));
    const { metadata, spec } = one("PeerAuthentication").inputs;
    assert.deepEqual([metadata.name, metadata.namespace], ["default", "istio-system"]);
    assert.deepEqual(spec, { mtls: { mode: "STRICT" } });
  });

  it("installs the node agent before the control plane that counts on it, if asked to", async () => {
    const { all, one } = await declare(
      () => new Istio("istio", { ...args, cni: true, cniFolders: { bin: "/usr/lib/cni" } }),
    );
    assert.deepEqual(
      all("Release").map(({ inputs }) => inputs.name),
      ["istio-base", "istio-cni", "istiod", "istio-ingressgateway"],
    );
    assert.deepEqual(one("Release", "istiod").inputs.values.cni, { enabled: true });
    const { cniBinDir, cniConfDir, global } = one("Release", "istio-cni").inputs.values;
    assert.deepEqual([cniBinDir, cniConfDir, global.hub], ["/usr/lib/cni", undefined, args.hub]);
  });

  it("limits where requests go to, and lets a mesh config of one's own decide", async () => {
    const outboundTraffic = "REGISTRY_ONLY" as const;
    const limited = await declare(() => new Istio("istio", { ...args, outboundTraffic }));
    const policy = { outboundTrafficPolicy: { mode: "REGISTRY_ONLY" } };
    assert.deepEqual(limited.one("Release", "istiod").inputs.values.meshConfig, policy);
    const meshConfig = { outboundTrafficPolicy: { mode: "ALLOW_ANY" } };
    const own = await declare(() => new Istio("istio", { ...args, outboundTraffic, meshConfig }));
    assert.deepEqual(own.one("Release", "istiod").inputs.values.meshConfig, meshConfig);
  });

  it("runs a canary beside, and moves what is injected to it and back, without touching either", async () => {
    const canary = { revision: "v1-32-0", version: "1.32.0", tag: "1.32.0" };
    const at = async (more: Partial<IstioArgs>) => {
      const { all, one, result } = await declare(() => new Istio("istio", { ...args, ...more }));
      const istiods = all("Release").filter(({ inputs }) => inputs.chart === "istiod");
      return {
        istiods: Object.fromEntries(istiods.map(({ name, inputs }) => [name, JSON.stringify(inputs)])),
        base: [one("Release", "istio-base").inputs.version, one("Release", "istio-base").inputs.values.defaultRevision],
        gateway: one("Release", "istio-ingressgateway").inputs.values,
        label: one("Namespace", "istio-ingress").inputs.metadata.labels,
        revision: result.revision,
      };
    };
    const before = await at({});
    const beside = await at({ canary });
    const moved = await at({ canary, injector: "canary" });
    const retired = await at({ revision: "v1-32-0", version: "1.32.0", tag: "1.32.0" });

    // Beside: one more control plane, newer resource definitions, and everything else as it was.
    assert.deepEqual(Object.keys(beside.istiods), ["istio-istiod", "istio-istiod-v1-32-0"]);
    assert.equal(beside.istiods["istio-istiod"], before.istiods["istio-istiod"]);
    assert.deepEqual(beside.base, ["1.32.0", "default"]);
    assert.deepEqual([beside.gateway, beside.label], [before.gateway, before.label]);
    // Moved: both stay, and what is injected is made anew.
    assert.deepEqual(moved.istiods, beside.istiods);
    assert.deepEqual([moved.revision, moved.label], ["v1-32-0", { "istio.io/rev": "v1-32-0" }]);
    assert.notDeepEqual(moved.gateway.podAnnotations, before.gateway.podAnnotations);
    // Retired: the old one goes, nothing else changes.
    assert.deepEqual(retired.istiods, { "istio-istiod-v1-32-0": moved.istiods["istio-istiod-v1-32-0"] });
    assert.deepEqual([retired.gateway, retired.label, retired.base], [moved.gateway, moved.label, moved.base]);
  });

  it("refuses a canary with the revision of the first control plane, and an unknown injector", async () => {
    const canary = { revision: "a", version: "1.32.0", tag: "1.32.0" };
    assert.match(await errorOf(() => new Istio("i", { ...args, revision: "a", canary })), /canary.revision is "a"/);
    assert.match(await errorOf(() => new Istio("i", { ...args, injector: "canary" })), /injector is "canary"/);
  });

  it("keeps the gateways apart from the control plane, in a namespace whose pods are injected", async () => {
    const { one, result } = await declare(() => new Istio("istio", args));
    assert.equal(one("Release", "istiod").inputs.namespace, "istio-system");
    assert.equal(one("Release", "istio-ingressgateway").inputs.namespace, "istio-ingress");
    assert.deepEqual(one("Namespace", "istio-ingress").inputs.metadata.labels, { "istio-injection": "enabled" });
    assert.equal(await valueOf(result.ingressService), "istio-ingressgateway");
  });

  it("sets what the charts get wrong for a gateway: its label and when its image is pulled", async () => {
    const { one } = await declare(() => new Istio("istio", args));
    const { values } = one("Release", "istio-ingressgateway").inputs;
    assert.deepEqual(values.labels, { istio: "ingressgateway" });
    assert.equal(values.imagePullPolicy, "IfNotPresent");
    assert.deepEqual(
      values.service.ports.map(({ port, nodePort }: { port: number; nodePort?: number }) => [port, nodePort]),
      [
        [15021, undefined],
        [80, 30080],
        [443, 30443],
      ],
    );
  });

  it("hands annotations to a load balancer, and names no node ports", async () => {
    const annotations = { "example.com/scheme": "internet-facing" };
    const ingressGateway = { ...args.ingressGateway, serviceType: "LoadBalancer" as const, annotations };
    const { one } = await declare(() => new Istio("istio", { ...args, ingressGateway, egressGateway: ingressGateway }));
    const { service } = one("Release", "istio-ingressgateway").inputs.values;
    assert.equal(service.type, "LoadBalancer");
    assert.deepEqual(service.annotations, annotations);
    assert.equal(one("Release", "istio-egressgateway").inputs.values.service.annotations, undefined);
    assert.ok(service.ports.every((port: object) => !("nodePort" in port)));
  });

  it("runs one of each without budgets that would block a drain, or several with them", async () => {
    const single = (await declare(() => new Istio("istio", args))).one("Release", "istiod").inputs.values;
    assert.equal(single.autoscaleEnabled, false);
    assert.equal(single.global.defaultPodDisruptionBudget.enabled, false);
    const scaling = { replicas: 2, max: 5, spread: true };
    const many = await declare(
      () =>
        new Istio("istio", { ...args, istiodScaling: scaling, ingressGateway: { ...args.ingressGateway, scaling } }),
    );
    const istiod = many.one("Release", "istiod").inputs.values;
    assert.deepEqual([istiod.autoscaleEnabled, istiod.autoscaleMin, istiod.autoscaleMax], [true, 2, 5]);
    assert.equal(istiod.global.defaultPodDisruptionBudget.enabled, true);
    assert.deepEqual(
      istiod.topologySpreadConstraints.map(({ topologyKey }: { topologyKey: string }) => topologyKey),
      ["topology.kubernetes.io/zone"],
    );
    // A rollout's old pods would drive all of its new ones to the node where the old ones are not.
    const [{ podAffinityTerm }] = istiod.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
    for (const { matchLabelKeys } of [podAffinityTerm, istiod.topologySpreadConstraints[0]]) {
      assert.deepEqual(matchLabelKeys, ["pod-template-hash"]);
    }
    const gateway = many.one("Release", "istio-ingressgateway").inputs.values;
    assert.deepEqual(gateway.podDisruptionBudget, { minAvailable: 1 });
    assert.equal(gateway.autoscaling.maxReplicas, 5);
  });

  it("carries a revision through names, labels and values", async () => {
    const { one } = await declare(() => new Istio("istio", { ...args, revision: "canary" }));
    assert.equal(one("Release", "istiod-canary").inputs.values.revision, "canary");
    assert.equal(one("Release", "istio-ingressgateway").inputs.values.revision, "canary");
    assert.equal(one("Release", "istio-base").inputs.values.defaultRevision, "canary");
    assert.deepEqual(one("Namespace", "istio-ingress").inputs.metadata.labels, { "istio.io/rev": "canary" });
  });

  it("adds an egress gateway that is not reachable from outside", async () => {
    const { one } = await declare(() => new Istio("istio", { ...args, egressGateway: args.ingressGateway }));
    const { values } = one("Release", "istio-egressgateway").inputs;
    assert.equal(values.service.type, "ClusterIP");
    assert.deepEqual(values.labels, { istio: "egressgateway" });
  });

  it("does not know the gateway's service in a preview of a new stack", async () => {
    const { result } = await declare(() => new Istio("istio", args), { preview: true });
    const { isKnown } = result.ingressService as unknown as { isKnown: Promise<boolean> };
    assert.equal(await isKnown, false);
  });

  it("makes no namespace that every cluster has", async () => {
    const namespaces = { systemNamespace: "kube-system", gatewayNamespace: "default" };
    const message = await errorOf(() => new Istio("istio", namespaces));
    assert.match(message, /systemNamespace is "kube-system": every cluster.*gatewayNamespace is "default": every/);
  });

  it("refuses a version that pins nothing, and a node port that can't be", async () => {
    assert.match(await errorOf(() => new Istio("istio", { ...args, version: "latest" })), /version is "latest"/);
    const ingressGateway = { ...args.ingressGateway, nodePorts: { http: 0 } };
    assert.match(await errorOf(() => new Istio("istio", { ...args, ingressGateway })), /nodePorts\.http is 0/);
  });
});

describe("chart sources", () => {
  let folder: string;
  const addChart = (path: string) => {
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, path, "Chart.yaml"), "name: x\n");
  };
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "charts-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("are distinguished by their form", () => {
    assert.deepEqual(parseChartSource("https://x/charts"), { kind: "repo", url: "https://x/charts" });
    assert.deepEqual(parseChartSource("oci://x/charts/"), { kind: "oci", url: "oci://x/charts" });
    assert.deepEqual(parseChartSource("/srv/charts"), { kind: "folder", path: "/srv/charts" });
  });

  it("name an OCI chart by its whole reference", () => {
    const reference = chartReference({ kind: "oci", url: "oci://x/charts" }, "istiod", "1.31.4");
    assert.deepEqual(reference, { chart: "oci://x/charts/istiod", version: "1.31.4" });
  });

  it("find both layouts of a folder, and say what is missing", () => {
    addChart("base");
    addChart("istio-control/istio-discovery");
    assert.deepEqual(chartsMissingFrom(folder), ["gateway"]);
    assert.deepEqual(chartReference({ kind: "folder", path: folder }, "istiod", "1.31.4"), {
      chart: join(folder, "istio-control/istio-discovery"),
    });
    addChart("istiod");
    assert.deepEqual(chartReference({ kind: "folder", path: folder }, "istiod", "1.31.4"), {
      chart: join(folder, "istiod"),
    });
    assert.throws(() => chartReference({ kind: "folder", path: folder }, "gateway", "1"), /chart gateway is not in/);
  });
});
