import assert from "node:assert/strict";
import { pack, unpack } from "./inventory";

describe("the inventory's content", () => {
  it("of a thousand services fits into a Secret, and reads as it was written", () => {
    const kinds = ["ServiceAccount", "Deployment", "Service", "VirtualService", "AuthorizationPolicy", "Sidecar"];
    const entries = Array.from({ length: 1000 }, (_, i) =>
      kinds.map((kind) => ({
        resource: `service-${i}-${kind.toLowerCase()}`,
        kind: "object",
        ref: { apiVersion: "networking.istio.io/v1", kind, name: `service-${i}`, namespace: "demo" },
      })),
    ).flat();
    const content = { entries, values: { password: "abc" } };
    const packed = pack(content);
    assert.ok(packed.length < 2 ** 18, `${packed.length} bytes`);
    assert.deepEqual(unpack(packed), content);
  });

  it("is read as an older version wrote it", () => {
    const content = { entries: [], values: { a: "b" } };
    assert.deepEqual(unpack(Buffer.from(JSON.stringify(content)).toString("base64")), content);
  });
});
