import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ensureGroup } from "../../toolchain";
import { client, eventually, tool } from "./cluster";
import { target } from "./target";
import { apply, getTls, remove } from "./trafficSupport";

const host = "shop.example.com";
const url = `${target.secureGatewayUrl}/user`;

/** Namespace of the authority's certificate; cert-manager looks for a ClusterIssuer's Secrets there. */
const system = "cert-manager";

/** A ClusterIssuer of an authority of our own, whose certificate a self-signed issuer makes. */
const authority = [
  { kind: "ClusterIssuer", metadata: { name: "self-signed" }, spec: { selfSigned: {} } },
  {
    kind: "Certificate",
    metadata: { name: "authority", namespace: system },
    spec: {
      isCA: true,
      commonName: "An authority of the tests",
      secretName: "authority",
      privateKey: { algorithm: "ECDSA", size: 256 },
      issuerRef: { group: "cert-manager.io", kind: "ClusterIssuer", name: "self-signed" },
    },
  },
  { kind: "ClusterIssuer", metadata: { name: "authority" }, spec: { ca: { secretName: "authority" } } },
].map((object) => ({ apiVersion: "cert-manager.io/v1", ...object }));

describe("a gateway's certificate from cert-manager", function () {
  this.timeout(300_000);
  let certManager: ChildProcess;
  let crds = "";
  let ca = "";
  const log: string[] = [];
  const served = () => getTls(url, ca, host);

  before(async function () {
    this.timeout(20 * 60_000);
    const binDir = await ensureGroup("cert-manager", { log: console.log });
    crds = join(binDir, "..", "crds");
    await tool("kubectl", "apply", "--server-side", "-f", crds);
    await tool("kubectl", "create", "namespace", system);
    // It works as well outside of the cluster, where it needs no image.
    certManager = spawn(join(binDir, "cert-manager"), ["-kubeconfig", target.kubeconfig], {
      stdio: ["ignore", 2, "pipe"],
    });
    certManager.stderr!.setEncoding("utf8").on("data", (text: string) => log.push(text));
    for (const object of authority) {
      await client().apply(object);
    }
    await eventually(async () => {
      const encoded = await tool(
        "kubectl",
        "-n",
        system,
        "get",
        "secret",
        "authority",
        "-o",
        "jsonpath={.data.tls\\.crt}",
      );
      ca = Buffer.from(encoded, "base64").toString("utf8");
      assert.match(ca, /BEGIN CERTIFICATE/, log.join("").slice(-2000));
    }, 60);
    await apply({ gatewayHosts: [host], gatewayIssuer: "ClusterIssuer/authority" });
  });

  after(async () => {
    await remove();
    if (certManager.exitCode === null) {
      certManager.kill();
      await once(certManager, "exit");
    }
    // What else this spec made is in the namespace, or goes with its definition.
    await tool("kubectl", "delete", "--ignore-not-found", "-f", crds);
    await tool("kubectl", "delete", "namespace", system, "--ignore-not-found");
  });

  it("is issued, served and trusted", async () => {
    await eventually(async () => {
      const { status, body, peer } = await served();
      assert.deepEqual([status, body.trim()], [200, "Hello from User Service"]);
      assert.equal(peer.issuer.CN, "An authority of the tests");
      assert.equal(peer.subjectaltname, `DNS:${host}`);
    }, 60);
  });

  it("is served anew when cert-manager renews it, with no update of the stack", async () => {
    const { fingerprint256: before } = (await served()).peer;
    // cert-manager issues a certificate whose Secret is gone, as it does before one ends.
    await tool("kubectl", "-n", "istio-ingress", "delete", "secret", "-l", "controller.cert-manager.io/fao=true");
    await eventually(async () => {
      const { status, peer } = await served();
      assert.equal(status, 200);
      assert.notEqual(peer.fingerprint256, before);
    }, 60);
  });
});
