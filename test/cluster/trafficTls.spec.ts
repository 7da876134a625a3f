import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfSigned } from "../../components/selfSigned";
import { tryRun } from "../../toolchain/system/run";
import { machineAddress } from "./cluster";
import { target } from "./target";
import {
  apply,
  assertNothingToAnalyze,
  fortioIn,
  fortioService,
  addFortio,
  gatewayUrl,
  get,
  getTls,
  istioctl,
  kubectl,
  until,
} from "./trafficSupport";

const httpsUrl = target.secureGatewayUrl;

/** Address at which pods reach this machine. */
let address = "";

/** A server on this machine, outside of the mesh. */
interface Outside {
  port: number;
  close: () => void;
}

/** Starts a server that answers every request with `text`, at the address at which pods reach this machine. */
function outside(text: string): Promise<Outside> {
  const server = createServer((_, answer) => answer.end(text));
  return new Promise((resolve, reject) => {
    server
      .on("error", reject)
      .listen(0, address, () => resolve({ port: (server.address() as AddressInfo).port, close: () => server.close() }));
  });
}

/** A name that the cluster's DNS has for this machine's address, and the mesh does not know. */
const dnsName = () => `${address.replace(/\./g, "-")}.demo.pod.cluster.local`;

const services = [
  { name: "hello", text: "Hello over TLS", path: "/hello" },
  fortioService("caller", "", { path: "/caller" }),
];
const secret = ["get", "secret", "-n", "istio-ingress", "gateway-self-signed", "-o"];

async function storedCertificate(): Promise<string> {
  const encoded = await kubectl(...secret, "jsonpath={.data.tls\\.crt}");
  return Buffer.from(encoded, "base64").toString("utf8");
}

/** Creates a TLS secret in the gateway's namespace, as a user with a certificate would. */
async function addSecret(name: string, own: { certificate: string; privateKey: string }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sidecar-mesh-"));
  const [cert, key] = [join(folder, "tls.crt"), join(folder, "tls.key")];
  try {
    await writeFile(cert, own.certificate);
    await writeFile(key, own.privateKey, { mode: 0o600 });
    await kubectl("create", "secret", "tls", name, "-n", "istio-ingress", `--cert=${cert}`, `--key=${key}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("gateway TLS and egress", function () {
  this.timeout(240_000);
  let certificate = "";
  let egress: Record<string, unknown> = {};
  const servers: Record<"listed" | "named" | "unknown", Outside> = {} as never;

  before(async () => {
    await addFortio();
    address = await machineAddress();
    for (const name of ["listed", "named", "unknown"] as const) {
      servers[name] = await outside(`this is ${name}`);
    }
    const externalHosts = [
      { host: "listed.example", port: servers.listed.port, protocol: "HTTP", addresses: [address] },
      { host: dnsName(), port: servers.named.port, protocol: "HTTP" },
    ];
    egress = { outboundTraffic: "REGISTRY_ONLY", proxyScope: "declared", externalHosts };
    await apply({ services, gatewaySelfSigned: "true", ...egress });
    certificate = await storedCertificate();
    const answers = () =>
      getTls(`${httpsUrl}/hello`, certificate).then(
        ({ status }) => status === 200,
        () => false,
      );
    assert.ok(await until(30, answers), "the gateway answers over HTTPS");
  });

  after(() => {
    Object.values(servers).forEach(({ close }) => close());
  });

  it("serves HTTPS with a certificate that is valid for its address", async () => {
    const { status, body, protocol, peer } = await getTls(`${httpsUrl}/hello`, certificate);
    assert.equal(status, 200);
    assert.equal(body.trim(), "Hello over TLS");
    assert.match(protocol ?? "", /^TLSv1\.[23]$/);
    assert.equal(peer.fingerprint256, new X509Certificate(certificate).fingerprint256);
  });

  it("is not trusted by a client that does not know the certificate", async () => {
    await assert.rejects(getTls(`${httpsUrl}/hello`, ""), /self-signed|unable to verify/);
  });

  it("redirects HTTP to HTTPS, on the port where that answers", async () => {
    const { status, headers } = await get(`${gatewayUrl}/hello?x=1`);
    assert.equal(status, 301);
    assert.equal(headers.location, `${httpsUrl}/hello?x=1`);
  });

  it("keeps its certificate when the program is applied again", async () => {
    const version = () => kubectl(...secret, "jsonpath={.metadata.resourceVersion}");
    const before = await version();
    await apply({ services, gatewaySelfSigned: "true", ...egress });
    assert.equal(await storedCertificate(), certificate);
    assert.equal(await version(), before);
  });

  it("lets requests out to hosts that are registered, found by their addresses or by DNS, and to no other", async () => {
    const { listed, named, unknown } = servers;
    const said = (host: string, port: number, ...flags: string[]) =>
      fortioIn("caller", "curl", ...flags, `http://${host}:${port}/`);
    // fortio prints the body first.
    const answered = (name: keyof typeof servers) => new RegExp(`^this is ${name}[^]*HTTP/1.1 200`);
    const out = async () => answered("listed").test(await said(address, listed.port));
    assert.ok(await until(20, out), `the address of a registered host: ${await said(address, listed.port)}`);
    const byName = await said(address, listed.port, "-H", `Host: listed.example:${listed.port}`);
    assert.match(byName, answered("listed"));
    assert.match(await said(dnsName(), named.port), answered("named"));
    // This name, the address without the name, and the other port are not registered.
    assert.match(await said(address, named.port, "-H", "Host: other.example"), /HTTP\/1.1 502/);
    assert.match(await said(address, named.port), /HTTP\/1.1 502/);
    assert.match(await said(address, unknown.port), /HTTP\/1.1 502|connection reset|EOF/);
    assert.match(await said(dnsName(), unknown.port), /HTTP\/1.1 502|connection reset|EOF/);
    await assertNothingToAnalyze();

    await apply({ services, gatewaySelfSigned: "true", proxyScope: "declared" });
    const passes = async () => answered("unknown").test(await said(address, unknown.port));
    assert.ok(await until(60, passes), "let out by ALLOW_ANY");
    assert.equal(await kubectl("get", "serviceentry", "-A", "-o", "name"), "");
  });

  it("answers the command that the output readme shows, where it serves one host alone; an egress gateway stands by", async () => {
    const gatewayHosts = ["shop.example.com"];
    const outputs = await apply({ services, gatewaySelfSigned: "true", gatewayHosts, egressGateway: "true" });
    const command = outputs.readme.split("\n").find((line) => /^curl .*\/hello$/.test(line)) ?? "";
    assert.match(command, /shop\.example\.com/);
    const asked = () => tryRun("sh", ["-c", `${command} --silent`]);
    assert.ok(await until(30, async () => (await asked()).stdout.trim() === "Hello over TLS"), command);
    const own = await storedCertificate();
    assert.match(new X509Certificate(own).subjectAltName ?? "", /DNS:shop\.example\.com/);
    // A request by the address alone gets no route.
    assert.ok(
      await until(30, async () => (await get(`${gatewayUrl}/hello`)).status === 404),
      "no route but to its host",
    );

    await kubectl("-n", "istio-ingress", "rollout", "status", "deployment/istio-egressgateway", "--timeout=60s");
    const synced = async () => {
      const status = await istioctl("proxy-status");
      const line = status.split("\n").find((one) => one.startsWith("istio-egressgateway"));
      return line !== undefined && !/STALE|NOT SENT.*NOT SENT.*NOT SENT/.test(line);
    };
    assert.ok(await until(30, synced), "istiod has told the egress gateway of the mesh");
  });

  it("serves HTTPS with a secret that is given", async () => {
    // Removing the stack removes the namespace, and this with it.
    const own = await selfSigned(["localhost"]);
    await addSecret("own-certificate", own);
    await apply({ services, gatewayTlsSecret: "own-certificate" });
    const answers = () =>
      getTls(`${httpsUrl}/hello`, own.certificate).then(
        ({ status }) => status === 200,
        () => false,
      );
    assert.ok(await until(30, answers), "the gateway answers with the given certificate");
    assert.equal((await get(`${gatewayUrl}/hello`)).headers.location, `${httpsUrl}/hello`);
    await assert.rejects(storedCertificate(), /not found/);
  });

  it("leaves nothing for istioctl analyze to report", async () => {
    await assertNothingToAnalyze();
  });
});
