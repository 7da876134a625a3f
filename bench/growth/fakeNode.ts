import { spawn, type ChildProcess } from "node:child_process";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureGroup, expectedInfo } from "../../toolchain";
import { binaryGroups } from "../../toolchain/binaries/groups";
import { apply, kubectl } from "./cluster";

/**
 * Services that the tests of growth add to the two of the default, which are the only ones with real pods and traffic.
 */
const firstAdded = 3;

/**
 * @returns `count` services: the default's two, and others that call one another in a chain. None of these has a path,
 * so that the gateway and the load generator stay as they are.
 */
export function manyServices(count: number): Record<string, unknown>[] {
  const base = [
    { name: "user-service", text: "Hello from User Service", path: "/user" },
    { name: "payment-service", text: "Hello from Payment Service", path: "/payment", allowFrom: ["user-service"] },
  ];
  const name = (i: number) => `service-${String(i).padStart(4, "0")}`;
  const added = Array.from({ length: Math.max(0, count - base.length) }, (_, i) => {
    const number = i + firstAdded;
    return { name: name(number), ...(i > 0 && { allowFrom: [name(number - 1)] }) };
  });
  return [...base, ...added].slice(0, count);
}

/**
 * @returns the simplest program: a Deployment and a Service for each service, in one file.
 * @param namespace Where they go. Default: the cluster's default namespace.
 */
export function naiveProgram(count: number, namespace = "default"): string {
  return `import * as k8s from "@pulumi/kubernetes";

for (let i = 0; i < ${count}; i++) {
  const name = \`naive-\${String(i).padStart(4, "0")}\`;
  const labels = { app: name };
  const metadata = { name, namespace: ${JSON.stringify(namespace)} };
  new k8s.apps.v1.Deployment(name, {
    metadata,
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            { name: "app", image: "hashicorp/http-echo:1.0.0", args: ["-text=hello"], ports: [{ containerPort: 5678 }] },
          ],
        },
      },
    },
  });
  new k8s.core.v1.Service(name, { metadata, spec: { selector: labels, ports: [{ name: "http", port: 5678 }] } });
}
`;
}

/** Name of the node that is none. */
const fakeNode = "kwok";

/** Addresses of its pods: of a range that no provider routes, and that nothing else of the sandbox uses. */
const podAddresses = "100.64.0.0/16";

const fakeAnnotation = { "kwok.x-k8s.io/node": "fake" };

/**
 * A node of kwok's beside the real one: pods that are scheduled there are running and ready as far as the API server
 * knows. istiod injects them and sends their endpoints to the proxies, but no container runs. Which node takes pods is
 * chosen by cordoning the other one, so that what is applied need not know.
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
