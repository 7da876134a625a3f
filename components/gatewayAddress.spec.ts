import assert from "node:assert/strict";
import { declare, valueOf } from "../test/support/declare";
import type { GatewayReach } from "./gatewayAddress";
import { gatewayUrl } from "./gatewayAddress";
import type { IngressAddressArgs } from "./ingressAddress";
import { IngressAddress } from "./ingressAddress";

const reach: GatewayReach = {
  tls: false,
  serviceType: "NodePort",
  clusterKind: "kind",
  nodePorts: { http: 30080, https: 30443 },
};

describe("gatewayUrl", () => {
  const cases: [string, Partial<GatewayReach>, string | undefined][] = [
    ["kind: the port that its cluster file maps", {}, "http://localhost:8080"],
    ["kind: a node port that its cluster file does not map", { nodePorts: { http: 30081, https: 30443 } }, undefined],
    ["kind with TLS", { tls: true }, "https://localhost:8443"],
    [
      "minikube: a node port of the node",
      { clusterKind: "minikube", nodeAddress: "192.168.49.2" },
      "http://192.168.49.2:30080",
    ],
    ["minikube, node unknown", { clusterKind: "minikube" }, undefined],
    ["Docker Desktop and the like: a node port of this machine", { clusterKind: "local" }, "http://localhost:30080"],
    ["k3d, whose ports are published on request alone", { clusterKind: "k3d" }, undefined],
    ["a remote cluster's node ports", { clusterKind: "remote" }, undefined],
    ["load balancer by address", { serviceType: "LoadBalancer", loadBalancer: "203.0.113.7" }, "http://203.0.113.7"],
    [
      "load balancer by name, TLS",
      { serviceType: "LoadBalancer", loadBalancer: "lb.example", tls: true },
      "https://lb.example",
    ],
    ["load balancer without an address", { serviceType: "LoadBalancer" }, undefined],
    ["inside the cluster only: a port-forward", { serviceType: "ClusterIP" }, "http://localhost:8080"],
    [
      "an address from config wins",
      { address: "mesh.example:81", loadBalancer: "203.0.113.7" },
      "http://mesh.example:81",
    ],
  ];
  for (const [title, more, expected] of cases) {
    it(title, () => assert.equal(gatewayUrl({ ...reach, ...more }), expected));
  }
});

describe("IngressAddress", () => {
  const args: IngressAddressArgs = { ...reach, namespace: "istio-ingress", service: "istio-ingressgateway" };

  it("asks the cluster for nothing where it needs nothing", async () => {
    const { resources, result } = await declare(() => new IngressAddress("ingress", args));
    assert.equal(resources.length, 1);
    assert.equal(await valueOf(result.url), "http://localhost:8080");
  });

  it("asks for the Service of a load balancer", async () => {
    const { one } = await declare(() => new IngressAddress("ingress", { ...args, serviceType: "LoadBalancer" }));
    assert.equal(one("Service").name, "ingress-service");
  });
});
