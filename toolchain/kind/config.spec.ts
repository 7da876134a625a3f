import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { kindConfig } from "./config";

const base = readFileSync(join(__dirname, "../../commands/kindCluster.yaml"), "utf8");
const own = { repository: "sandbox.local", pause: "sandbox.local/pause:1", coreDnsTag: "v1.15.0", etcdTag: "3.6.8" };

describe("kindConfig", () => {
  it("is what users of released kind get, unless the node image is our own", () => {
    assert.deepEqual(parse(kindConfig(base, 1)), parse(base));
  });

  it("adds workers to the control plane, whose ports stay mapped", () => {
    const { nodes } = parse(kindConfig(base, 3, own));
    assert.deepEqual(
      nodes.map(({ role }: { role: string }) => role),
      ["control-plane", "worker", "worker"],
    );
    assert.equal(nodes[0].extraPortMappings.length, 2);
  });

  it("names our images for kubeadm and the container runtime", () => {
    const { kubeadmConfigPatches, containerdConfigPatches } = parse(kindConfig(base, 1, own));
    const [cluster, kubelet] = kubeadmConfigPatches.map((patch: string) => parse(patch));
    assert.equal(cluster.imageRepository, "sandbox.local");
    assert.deepEqual([cluster.dns.imageTag, cluster.etcd.local.imageTag], ["v1.15.0", "3.6.8"]);
    assert.deepEqual(kubelet, { kind: "KubeletConfiguration", failCgroupV1: false });
    assert.match(containerdConfigPatches[0], /sandbox_image = "sandbox.local\/pause:1"/);
  });
});
