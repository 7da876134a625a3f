import assert from "node:assert/strict";
import { dev } from "../../stacks/dev";
import { wholeProgram } from "../support/wholeProgram";

/** Millicores of a CPU amount, bytes of a memory amount. */
function amount(text: string | undefined): number {
  const [, number = "0", unit = ""] = /^(\d+)(m|Mi|Gi)?$/.exec(text ?? "0") ?? [];
  return Number(number) * { "": 1000, m: 1, Mi: 2 ** 20, Gi: 2 ** 30 }[unit]!;
}

interface PodTemplate {
  spec: { containers: { resources?: { requests?: { cpu?: string; memory?: string } } }[] };
}

describe("the dev stack", () => {
  it("asks for at most 1 CPU and 2 GiB, sidecars included", async () => {
    const { resources } = await wholeProgram("dev");
    const workloads = resources.filter(({ type }) => /:(Deployment|StatefulSet|DaemonSet)$/.test(type));
    const requests = workloads.flatMap(({ inputs }) => {
      const template = inputs.spec.template as PodTemplate;
      const own = template.spec.containers.map(({ resources: r }) => r?.requests);
      const sidecar = inputs.metadata.namespace === "demo" ? [dev.istio.sidecarResources.requests] : [];
      const pod = [...own, ...sidecar] as ({ cpu?: string; memory?: string } | undefined)[];
      return Array.from({ length: inputs.spec.replicas ?? 1 }, () => pod).flat();
    });
    // The charts' own pods.
    requests.push(dev.istio.istiodResources.requests as object, dev.gateway.resources.requests as object);
    assert.ok(workloads.length >= 8, `${workloads.length} workloads`);
    assert.ok(
      requests.every((r) => r?.cpu && r.memory),
      "each container says what it needs",
    );
    const cpu = requests.reduce((sum, r) => sum + amount(r?.cpu), 0);
    const memory = requests.reduce((sum, r) => sum + amount(r?.memory), 0);
    assert.ok(cpu <= 1000, `${cpu}m CPU`);
    assert.ok(memory <= 2 * 2 ** 30, `${memory / 2 ** 20} MiB`);
  });
});
