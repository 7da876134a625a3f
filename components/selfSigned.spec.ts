import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { selfSigned } from "./selfSigned";

const seed = Buffer.alloc(32, 7);

describe("selfSigned", () => {
  it("gives a certificate that its own key signed, for every seed (property)", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 64 }), (bytes) => {
        const { certificate, privateKey } = selfSigned(Buffer.from(bytes), ["example.com"]);
        const x509 = new X509Certificate(certificate);
        return x509.verify(x509.publicKey) && x509.checkPrivateKey(createPrivateKey(privateKey));
      }),
      { numRuns: 200 },
    );
  });

  it("is for the hosts, names and addresses", () => {
    const x509 = new X509Certificate(selfSigned(seed, ["mesh.example.com", "*.example.org", "10.199.0.1"]).certificate);
    assert.equal(x509.checkHost("mesh.example.com"), "mesh.example.com");
    assert.equal(x509.checkHost("a.example.org"), "*.example.org");
    assert.equal(x509.checkIP("10.199.0.1"), "10.199.0.1");
    assert.equal(x509.checkHost("example.net"), undefined);
    assert.equal(x509.ca, false);
    assert.deepEqual(x509.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
  });

  it("is the same for the same seed and hosts, and another for others", () => {
    assert.deepEqual(selfSigned(seed, ["a.example"]), selfSigned(seed, ["a.example"]));
    assert.notEqual(selfSigned(seed, ["a.example"]).certificate, selfSigned(seed, ["b.example"]).certificate);
    assert.notEqual(
      selfSigned(seed, ["a.example"]).privateKey,
      selfSigned(Buffer.alloc(32, 8), ["a.example"]).privateKey,
    );
  });

  it("is valid now and has no end", () => {
    const { validFrom, validTo } = new X509Certificate(selfSigned(seed, ["a.example"]).certificate);
    assert.ok(Date.parse(validFrom) < Date.now());
    assert.match(validTo, /9999/);
  });

  it("refuses a seed that is too short, and no host", () => {
    assert.throws(() => selfSigned(Buffer.alloc(31), ["a.example"]), /32 bytes/);
    assert.throws(() => selfSigned(seed, []), /one host/);
  });
});
