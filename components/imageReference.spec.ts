import assert from "node:assert/strict";
import { inRegistry, isPinnedImage, isRegistry, parseImage, withDigest } from "./imageReference";

const digest = `sha256:${"0a".repeat(32)}`;

describe("image references", () => {
  it("have a registry where what stands first looks like a host", () => {
    assert.deepEqual(parseImage("busybox:1.37.0"), { repository: "busybox", tag: "1.37.0" });
    assert.deepEqual(parseImage("grafana/loki:3"), { repository: "grafana/loki", tag: "3" });
    assert.deepEqual(parseImage(`quay.io/kiali/kiali@${digest}`), {
      registry: "quay.io",
      repository: "kiali/kiali",
      digest,
    });
    assert.equal(parseImage("localhost:5000/a/b:1")?.registry, "localhost:5000");
    for (const nonsense of ["", "A/b:1", "a b", "a:", "a@sha256:1", "https://a/b", "a//b", "/a", "a:1:2"]) {
      assert.equal(parseImage(nonsense), undefined, nonsense);
    }
  });

  it("mean one image if they have a version or a digest", () => {
    assert.deepEqual(["a:1", `a@${digest}`, `a:latest@${digest}`, "a", "a:latest", "host:5000/a"].map(isPinnedImage), [
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it("keep their path in a mirror", () => {
    const mirror = "mirror.example:5000/mesh";
    assert.ok(isRegistry(mirror) && !isRegistry("https://mirror.example") && !isRegistry("mirror.example/"));
    assert.equal(inRegistry("busybox:1", mirror), `${mirror}/busybox:1`);
    assert.equal(inRegistry("grafana/loki:3", mirror), `${mirror}/grafana/loki:3`);
    assert.equal(inRegistry(`quay.io/kiali/kiali:v2@${digest}`, mirror), `${mirror}/kiali/kiali:v2@${digest}`);
    assert.equal(inRegistry(`${mirror}/a:1`, mirror), `${mirror}/a:1`);
  });

  it("take a digest in place of the one that they have", () => {
    assert.equal(withDigest("a:1", digest), `a:1@${digest}`);
    assert.equal(withDigest(`a:1@sha256:${"0".repeat(64)}`, digest), `a:1@${digest}`);
  });
});
