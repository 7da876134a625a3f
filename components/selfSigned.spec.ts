import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import "reflect-metadata";
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, X509Certificate as X509 } from "@peculiar/x509";
import { selfSigned, validFrom } from "./selfSigned";

describe("selfSigned", () => {
  it("gives a certificate that its own key signed, each time another", async () => {
    const pairs = await Promise.all([selfSigned(["example.com"]), selfSigned(["example.com"])]);
    for (const { certificate, privateKey } of pairs) {
      const x509 = new X509Certificate(certificate);
      assert.ok(x509.verify(x509.publicKey) && x509.checkPrivateKey(createPrivateKey(privateKey)));
    }
    const serials = pairs.map(({ certificate }) => new X509Certificate(certificate).serialNumber);
    assert.notEqual(serials[0], serials[1]);
    assert.notEqual(pairs[0].privateKey, pairs[1].privateKey);
  });

  it("is for the hosts, names and addresses, and no authority", async () => {
    const hosts = ["mesh.example.com", "*.example.org", "10.199.0.1", "::1"];
    const x509 = new X509Certificate((await selfSigned(hosts)).certificate);
    assert.equal(x509.checkHost("mesh.example.com"), "mesh.example.com");
    assert.equal(x509.checkHost("a.example.org"), "*.example.org");
    assert.equal(x509.checkIP("10.199.0.1"), "10.199.0.1");
    assert.equal(x509.checkIP("::1"), "::1");
    assert.equal(x509.checkHost("example.net"), undefined);
    assert.equal(x509.ca, false);
    assert.deepEqual(x509.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
    assert.equal(x509.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
    // Node reads neither whether it may sign others, nor what its key is for.
    const { extensions } = new X509(x509.raw);
    const constraints = extensions.find((one) => one instanceof BasicConstraintsExtension);
    const usages = extensions.find((one) => one instanceof KeyUsagesExtension);
    assert.deepEqual([constraints?.ca, constraints?.critical], [false, true]);
    assert.deepEqual([usages?.usages, usages?.critical], [KeyUsageFlags.digitalSignature, true]);
  });

  it("is valid now, for a year", async () => {
    const now = new Date("2026-11-28T12:00:00Z");
    const { certificate } = await selfSigned(["a.example"], validFrom(now));
    const x509 = new X509Certificate(certificate);
    assert.equal(new Date(x509.validFrom).toISOString(), "2026-11-28T11:00:00.000Z");
    assert.equal(new Date(x509.validTo).toISOString(), "2027-11-28T12:00:00.000Z");
  });

  it("refuses to be for no host", async () => {
    await assert.rejects(selfSigned([]), /at least one host/);
  });
});
