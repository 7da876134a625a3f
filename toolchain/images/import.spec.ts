import assert from "node:assert/strict";
import { importedImages } from "./import";

describe("importedImages", () => {
  it("reads labels and skips images without", () => {
    const listing = [
      "REF                       TYPE       DIGEST     SIZE    PLATFORMS   LABELS",
      "sandbox.local/pilot:dev-1 application/x sha256:aa 1.0 MiB linux/amd64 io.cri-containerd.image=managed,sidecar-mesh/fingerprint=0123abcd",
      "sandbox.local/other:1     application/x sha256:bb 1.0 MiB linux/amd64 -",
      "",
    ].join("\n");
    assert.deepEqual([...importedImages(listing)], [["sandbox.local/pilot:dev-1", "0123abcd"]]);
  });
});
