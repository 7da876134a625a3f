import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureGroup, expectedInfo } from "../../toolchain";
import { binaryGroups } from "../../toolchain/binaries/groups";
import { apply, kubectl } from "./cluster";

/** Name of the node that is none. */
const fakeNode = "kwok";

/** Addresses of its pods: of a range that no provider routes, and that nothing else of the sandbox uses. */
const podAddresses = "100.64.0.0/16";

const fakeAnnotation = { "kwok.x-k8s.io/node": "fake" };

/**
 * A node of kwok's beside the real one: pods that are scheduled there are running and ready as far as the API server knows. istiod
 * injects them and sends their endpoints to the proxies, but no container runs. Which node takes pods is chosen by cordoning the
 * other one, so that what is applied need not know.
 */
export class FakeNode {
  private constructor(
    readonly realNode: string,
    private readonly kwok: ChildProcess,
  ) {}

  /** Starts kwok, building it the first time, and makes its node. */
  static async start(log: (line: string) => void): Promise<FakeNode> {
    const binDir = await ensureGroup("kwok", { log });
    const stages = binaryGroups.kwok.files.map(({ to }) => join(dirname(binDir), to));
    const nodes = JSON.parse(await kubectl("get", "nodes", "--output", "json")) as {
      items: { metadata: { name: string } }[];
    };
    const realNode = nodes.items.map(({ metadata }) => metadata.name).find((name) => name !== fakeNode);
    if (realNode === undefined) {
      throw new Error("the sandbox has no node; run npm run sandbox -- up");
    }
    const selector = Object.entries(fakeAnnotation).map(([key, value]) => `${key}=${value}`);
    const kwok = spawn(
      join(binDir, "kwok"),
      [
        ...["--kubeconfig", expectedInfo().kubeconfig, "--cidr", podAddresses],
        ...["--manage-nodes-with-annotation-selector", selector.join(",")],
        ...stages.flatMap((stage) => ["--config", stage]),
      ],
      {
        stdio: ["ignore", "ignore", "ignore"],
        // What an etcd has to tell for it, the one of Debian does not.
        env: { ...process.env, KUBE_FEATURE_WatchListClient: "false" },
      },
    );
    await apply({
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name: fakeNode,
        annotations: fakeAnnotation,
        labels: { "kubernetes.io/hostname": fakeNode, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" },
      },
    });
    const capacity = { cpu: "1000", memory: "4Ti", pods: "10000", "ephemeral-storage": "4Ti" };
    await kubectl(
      ...["patch", "node", fakeNode, "--subresource=status", "--type=merge", "--patch"],
      JSON.stringify({ status: { capacity, allocatable: capacity } }),
    );
    const node = new FakeNode(realNode, kwok);
    for (let i = 0; i < 60; i++) {
      const ready = await kubectl(
        "get",
        "node",
        fakeNode,
        "--output",
        `jsonpath={.status.conditions[?(@.type=="Ready")].status}`,
      );
      if (ready === "True") {
        return node;
      }
      await sleep(500);
    }
    await node.stop();
    throw new Error(`the node ${fakeNode} is not ready after 30 s`);
  }

  /** New pods run for real. */
  async useReal(): Promise<void> {
    await kubectl("uncordon", this.realNode);
    await kubectl("cordon", fakeNode);
  }

  /** New pods only seem to run; what runs for real goes on. */
  async useFake(): Promise<void> {
    await kubectl("uncordon", fakeNode);
    await kubectl("cordon", this.realNode);
  }

  /** Removes the node, what is left of its pods, and kwok. */
  async stop(): Promise<void> {
    await kubectl("uncordon", this.realNode);
    await kubectl("delete", "node", fakeNode, "--ignore-not-found");
    // The node has no kubelet, so the pods have to be deleted here.
    await kubectl(
      ...["delete", "pods", "--all-namespaces", "--field-selector", `spec.nodeName=${fakeNode}`],
      ...["--force", "--grace-period=0", "--ignore-not-found"],
    );
    this.kwok.kill();
  }
}
