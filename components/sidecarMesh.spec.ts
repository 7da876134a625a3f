import assert from "node:assert/strict";
import type { Declared } from "../test/support/declare";
import { declare, errorOf } from "../test/support/declare";
import type { SidecarMeshArgs } from "./sidecarMesh";
import { SidecarMesh } from "./sidecarMesh";

const echo = (serviceName: string) => ({ serviceName, image: "hashicorp/http-echo:1.0.0", port: 5678 });
const none = { metrics: { kind: "none" }, tracing: { kind: "none" }, logs: { kind: "none" } } as const;
const args: SidecarMeshArgs = {
  observability: none,
  applications: [
    {
      namespace: "shop",
      hosts: ["shop.example.com"],
      services: [
        { ...echo("cart"), path: "/cart" },
        { ...echo("stock"), allowFrom: ["cart"] },
      ],
    },
    { namespace: "blog", hosts: ["blog.example.com"], services: [{ ...echo("posts"), path: "/" }] },
  ],
};

const placeOf = ({ inputs }: Declared) => `${inputs.metadata.namespace}/${inputs.metadata.name}`;

describe("SidecarMesh", () => {
  it("declares one control plane, and each application in a namespace of its own behind its host", async () => {
    const { all, one } = await declare(() => new SidecarMesh("mesh", args));
    assert.deepEqual(
      all("Release").map(({ inputs }) => inputs.name),
      ["istio-base", "istiod", "istio-ingressgateway"],
    );
    assert.deepEqual(all("Deployment").map(placeOf).sort(), ["blog/posts", "shop/cart", "shop/stock"]);
    for (const [namespace, host, path] of [
      ["shop", "shop.example.com", "/cart"],
      ["blog", "blog.example.com", "/"],
    ]) {
      assert.equal(one("Namespace", namespace).inputs.metadata.labels["istio-injection"], "enabled");
      const { spec } = one("VirtualService", `mesh-${namespace}-vs`).inputs;
      assert.deepEqual(spec.hosts, [host]);
      assert.equal(spec.http[0].match[0].uri[path === "/" ? "prefix" : "exact"], path);
      assert.deepEqual(one("Gateway", `mesh-${namespace}-gateway`).inputs.spec.servers[0].hosts, [host]);
    }
  });

  it("allows the gateway where there is a path, whom allowFrom names, and nothing else", async () => {
    const { all } = await declare(() => new SidecarMesh("mesh", args));
    const policies = Object.fromEntries(all("AuthorizationPolicy").map((one) => [placeOf(one), one.inputs.spec]));
    const callers = (policy: string) => policies[policy].rules[0].from[0].source.principals;
    const gateway = "cluster.local/ns/istio-ingress/sa/istio-ingressgateway";
    assert.deepEqual(callers("shop/allow-cart"), [gateway]);
    assert.deepEqual(callers("shop/allow-stock"), ["cluster.local/ns/shop/sa/cart"]);
    assert.deepEqual([policies["shop/default-deny"], policies["blog/default-deny"]], [{}, {}]);
    const open = await declare(() => new SidecarMesh("mesh", { ...args, defaultDeny: false }));
    assert.deepEqual(open.all("AuthorizationPolicy"), []);
  });

  it("traces and logs what it runs, and leaves out what its args leave out", async () => {
    const { all, one, result } = await declare(() => new SidecarMesh("mesh", { ...args, observability: undefined }));
    assert.deepEqual(Object.keys(result.dashboards), ["prometheus", "jaeger"]);
    assert.equal(one("Telemetry", "mesh-default").inputs.spec.tracing[0].randomSamplingPercentage, 1);
    const { meshConfig } = one("Release", "istiod").inputs.values;
    assert.equal(
      meshConfig.extensionProviders[0].opentelemetry.service,
      "jaeger-collector.observability.svc.cluster.local",
    );
    for (const { inputs } of all("Deployment")) {
      const names = inputs.spec.template.spec.containers.map(({ name }: { name: string }) => name);
      assert.ok(names.includes("log-scraper"), names.join());
      assert.ok(inputs.spec.template.metadata.annotations["sidecar-mesh/istio"], "pods are made anew with a new proxy");
    }
    const bare = await declare(() => new SidecarMesh("mesh", args));
    assert.deepEqual([...bare.all("StatefulSet"), ...bare.all("DaemonSet")], []);
    assert.deepEqual(bare.one("Telemetry").inputs.spec.tracing, [{ disableSpanReporting: true }]);
    assert.equal(bare.one("Deployment", "cart").inputs.spec.template.spec.containers.length, 1);
  });

  it("hands the modes of mutual TLS and Istio's other args on", async () => {
    const istio = { mtls: "PERMISSIVE", revision: "next", systemNamespace: "mesh-system", hub: "h/istio" } as const;
    const { all, one } = await declare(() => new SidecarMesh("mesh", { ...args, istio }));
    assert.ok(all("PeerAuthentication").every(({ inputs }) => inputs.spec.mtls.mode === "PERMISSIVE"));
    assert.equal(one("Namespace", "shop").inputs.metadata.labels["istio.io/rev"], "next");
    assert.equal(one("EnvoyFilter", "lost-connections").inputs.metadata.namespace, "mesh-system");
    assert.equal(one("Release", "istiod-next").inputs.values.global.hub, "h/istio");
  });

  it("has the control plane know the authorizers of all services, each by its service's name", async () => {
    const extAuthz = { host: "authz.auth.svc.cluster.local", port: 9000, paths: ["/cart/pay"] };
    const [shop, blog] = args.applications;
    const guarded = { ...shop!, services: [{ ...echo("cart"), path: "/cart", extAuthz }] };
    const { one } = await declare(() => new SidecarMesh("mesh", { ...args, applications: [guarded, blog!] }));
    const { extensionProviders, pathNormalization } = one("Release", "istiod").inputs.values.meshConfig;
    const { provider } = one("AuthorizationPolicy", "ext-authz-cart").inputs.spec;
    const known = extensionProviders.find(({ name }: { name: string }) => name === provider.name);
    assert.equal(known.envoyExtAuthzHttp.service, extAuthz.host);
    assert.deepEqual(pathNormalization, { normalization: "DECODE_AND_MERGE_SLASHES" });
    const both = [guarded, { ...blog!, services: [{ ...echo("cart"), extAuthz }] }];
    assert.match(
      await errorOf(() => new SidecarMesh("mesh", { ...args, applications: both })),
      /applications\[1\]\.services\[0\]\.extAuthz is .*: applications\[0\] has a service of this name with an authorizer/,
    );
  });

  it("refuses, all at once, what would break on the cluster", async () => {
    const [shop] = args.applications;
    const twice = { ...shop!, services: [echo("cart"), { ...echo("cart"), path: "/x", allowFrom: ["till"] }] };
    const said = await errorOf(() => new SidecarMesh("mesh", { applications: [shop!, twice] }));
    assert.match(said, /applications\[1\]\.namespace is "shop": another application has this namespace/);
    assert.match(said, /applications\[1\]\.services\[1\]\.serviceName is "cart": another service/);
    assert.match(said, /applications\[1\]\.services\[1\]\.allowFrom\[0\] is "till": no such service/);
    assert.match(said, /applications\[1\]\.hosts is "shop\.example\.com": applications\[0\] has this host/);
    for (const [namespace, why] of [
      ["kube-system", "every cluster has this namespace"],
      ["istio-system", "Istio or what observes the mesh is there"],
      ["gateways", "Istio or what observes the mesh is there"],
      ["observability", "Istio or what observes the mesh is there"],
    ]) {
      const istio = { gatewayNamespace: "gateways" };
      const refused = await errorOf(
        () => new SidecarMesh("mesh", { istio, applications: [{ ...shop!, namespace: namespace! }] }),
      );
      assert.match(refused, new RegExp(`applications\\[0\\]\\.namespace is "${namespace}": ${why}`));
    }
    assert.match(await errorOf(() => new SidecarMesh("mesh", { applications: [] })), /at least one application/);
    const anyHost = args.applications.map(({ hosts: _, ...rest }) => rest);
    assert.match(await errorOf(() => new SidecarMesh("mesh", { applications: anyHost })), /hosts is "\*"/);
  });

  it("refuses a version whose objects would be named as others are", async () => {
    const versions = (...names: string[]) => ({ versions: names.map((version) => ({ version })) });
    const refused = (...services: object[]) =>
      errorOf(
        () =>
          new SidecarMesh("mesh", { applications: [{ namespace: "shop", services }] } as unknown as SidecarMeshArgs),
      );
    const clash = [
      { ...echo("a"), ...versions("b-c") },
      { ...echo("a-b"), ...versions("v1", "c") },
    ];
    assert.match(
      await refused(...clash),
      /applications\[0\]\.services\[1\]\.versions is "c": services\[0\] of version b-c makes the name a-b-c already/,
    );
    assert.match(await refused({ ...echo("a"), ...versions("b") }, echo("a-b")), /services\[1\] makes the name a-b/);
    assert.match(
      await refused({ ...echo("a"), ...versions("b") }, echo("a-b-service")),
      /services\[1\] makes the name a-b-service/,
    );
    const right = { namespace: "shop", services: [{ ...echo("a"), ...versions("v1", "v2") }, echo("a-b")] };
    await declare(() => new SidecarMesh("mesh", { observability: none, applications: [right] }));
  });
});
