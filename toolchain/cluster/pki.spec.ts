import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificates, ensureCertificates } from "./pki";

describe("ensureCertificates", () => {
  const work = mkdtempSync(join(tmpdir(), "pki-"));
  const folder = join(work, "pki");
  const certificate = (name: string): X509Certificate => new X509Certificate(readFileSync(join(folder, `${name}.crt`)));
  before(() => ensureCertificates(folder));
  after(() => rmSync(work, { recursive: true }));

  it("signs each certificate by its own authority alone", () => {
    for (const { name, ca } of certificates) {
      assert.ok(certificate(name).verify(certificate(ca).publicKey), name);
    }
    assert.ok(!certificate("etcd").verify(certificate("ca").publicKey));
  });
  it("names what is served, and marks only authorities as such", () => {
    assert.equal(certificate("apiserver").checkIP("10.199.128.1"), "10.199.128.1");
    assert.equal(certificate("apiserver").ca, false);
    assert.equal(certificate("ca").ca, true);
    assert.match(certificate("kubelet").subject, /O=system:nodes\nCN=system:node:sandbox/);
  });
  it("lets only the owner read", () => {
    for (const file of readdirSync(folder)) {
      assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
    }
  });
  it("leaves what is there alone", async () => {
    const before = certificate("ca").fingerprint256;
    await ensureCertificates(folder);
    assert.equal(certificate("ca").fingerprint256, before);
  });
});
