import assert from "node:assert/strict";
import type { OwnAddress } from "./localAddress";
import { localCluster, localContexts } from "./localClusters";

const own: OwnAddress[] = [
  { interface: "eth0", address: "192.0.2.7", cidr: "192.0.2.7/24" },
  { interface: "wlan0", address: "192.168.1.23", cidr: "192.168.1.23/24" },
  { interface: "docker0", address: "172.17.0.1", cidr: "172.17.0.1/16" },
];
const here = "https://127.0.0.1:6443";

/** Context, server, the program and kind that it is of, and what starts it; undefined for another machine's. */
type Case = [context: string, server: string | undefined, expected: [string, string, string] | undefined];

describe("localCluster", () => {
  const cases: Case[] = [
    ["kind-kind", here, ["kind", "kind", "docker start kind-control-plane"]],
    ["kind-a-b", here, ["kind", "kind", "docker start a-b-control-plane"]],
    ["kind", undefined, ["kind", "kind", "docker start kind-control-plane"]],
    ["kind-x", "https://192.0.2.7:6443", ["kind", "kind", "docker start x-control-plane"]],
    ["minikube", "https://127.0.0.1:32769", ["minikube", "minikube", "minikube start"]],
    ["docker-desktop", "https://kubernetes.docker.internal:6443", ["Docker Desktop", "local", "start Docker Desktop"]],
    ["docker-for-desktop", "https://localhost:6443", ["Docker Desktop", "local", "start Docker Desktop"]],
    ["rancher-desktop", here, ["Rancher Desktop", "local", "rdctl start"]],
    ["orbstack", "https://127.0.0.1:26443", ["OrbStack", "local", "orb start k8s"]],
    ["colima", here, ["Colima", "local", "colima start --kubernetes"]],
    ["colima-work", here, ["Colima", "local", "colima start --kubernetes --profile work"]],
    ["k3d-dev", "https://0.0.0.0:41235", ["k3d", "k3d", "k3d cluster start dev"]],
    ["k3d-dev", "https://host.docker.internal:41235", ["k3d", "k3d", "k3d cluster start dev"]],
    ["microk8s", "https://127.0.0.1:16443", ["MicroK8s", "local", "microk8s start"]],
    ["microk8s", "https://192.0.2.7:16443", ["MicroK8s", "local", "microk8s start"]],
    ["kind-in-docker", "https://172.17.0.2:6443", ["kind", "kind", "docker start in-docker-control-plane"]],

    // A name that a local program gives, at an address that is not of this machine.
    ["kind-kind", "https://k8s.example.com", undefined],
    ["minikube", "https://203.0.113.9:8443", undefined],
    ["minikube", "https://192.168.1.50:8443", undefined],
    ["docker-desktop", "https://10.0.0.8:6443", undefined],
    ["rancher-desktop", "https://192.168.1.50:6443", undefined],
    ["orbstack", "https://172.18.0.9:26443", undefined],
    ["colima", "https://colima.example.com", undefined],
    ["k3d-dev", "https://203.0.113.9:6443", undefined],
    ["microk8s", "https://10.1.2.3:16443", undefined],
    ["kind-kind", "no URL", undefined],

    // A local address, and a name that no local program gives.
    ["prod-eu", here, undefined],
    ["default", here, undefined],
    ["my-minikube", here, undefined],
    ["kindergarten", here, undefined],
    ["docker-desktop-copy", here, undefined],
    ["k3d-", here, undefined],
  ];
  for (const [context, server, expected] of cases) {
    it(`${context} at ${server ?? "an unknown server"} is ${expected ? `of ${expected[0]}` : "another machine's"}`, () => {
      const servers = server === undefined ? {} : { [context]: server };
      const { program, kind, start } = localCluster(context, { minikubeContexts: [], servers }, own) ?? {};
      assert.deepEqual([program, kind], [expected?.[0], expected?.[1]]);
      assert.ok(start === expected?.[2] || start?.startsWith(`${expected?.[2]}, `), start);
    });
  }

  describe("of a context that minikube wrote", () => {
    const at = (context: string, server: string) =>
      localCluster(context, { minikubeContexts: [context], servers: { [context]: server } }, own);

    it("goes by no name", () => {
      assert.equal(at("laptop", here)?.start, "minikube start --profile laptop");
      assert.equal(at("kind-x", here)?.program, "minikube");
      assert.equal(at("minikube", here)?.start, "minikube start");
    });

    it("takes its machine, though it be stopped and its bridge gone, and not another one of the office", () => {
      assert.equal(at("laptop", "https://192.168.39.2:8443")?.kind, "minikube");
      assert.equal(at("laptop", "https://192.168.1.50:8443"), undefined);
      assert.equal(at("laptop", "https://10.20.30.40:8443"), undefined);
    });
  });
});

describe("localContexts", () => {
  it("lists those of this machine, each once", () => {
    const servers = { "prod-eu": "https://k8s.example.com", orbstack: here, "kind-a": here };
    const contexts = ["prod-eu", "orbstack", "kind-a", "orbstack"];
    assert.deepEqual(
      localContexts({ contexts, minikubeContexts: [], servers }, own).map(({ context, program }) => [context, program]),
      [
        ["orbstack", "OrbStack"],
        ["kind-a", "kind"],
      ],
    );
  });
});
