import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { projectFolder } from "../../commands/session/stackFiles";
import { tokenIssuer } from "../support/tokens";
import { allObjects, client, eventually, machineAddress, npm } from "./cluster";
import { assertAnswersBelow, assertSameObjects, pageQuestions } from "./stack";
import { target } from "./target";
import {
  apply,
  assertNothingToAnalyze,
  constantLoad,
  drive,
  gatewayUrl,
  get,
  getTls,
  kubectl,
  namespace,
  remove,
  statuses,
  until,
} from "./trafficSupport";

const versions = (first: number, second: number) => [
  { version: "v1", text: "one", weight: first },
  { version: "v2", text: "two", weight: second },
];

const services = [
  { name: "user-service", path: "/user", text: "Hello from User Service" },
  { name: "payment-service", path: "/payment", text: "Hello from Payment Service", allowFrom: ["user-service"] },
  {
    name: "split",
    path: "/split",
    versions: versions(80, 20),
    canary: { header: "X-Canary", value: "yes", version: "v2" },
    circuitBreaker: { maxRequests: 100 },
  },
  { name: "mirrored", path: "/mirrored", versions: versions(100, 0), mirror: { version: "v2", percent: 100 } },
];

const names = async (...what: string[]) =>
  (await kubectl("get", ...what, "-o", "jsonpath={.items[*].metadata.name}")).split(" ").filter(Boolean);
const routes = () => names("httproute", "-n", namespace);
const definitions = async () => (await names("crd")).filter((name) => name.endsWith(".gateway.networking.k8s.io"));
const answers = (path: string, text: string) =>
  until(30, async () => {
    const { status, body } = await get(gatewayUrl + path);
    return status === 200 && body.trim() === text;
  });

/** A definition that the cluster has from elsewhere, and a route of another application. */
const foreignDefinition = "referencegrants.gateway.networking.k8s.io";
const foreignRoute = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "foreign", namespace: "default" },
  spec: { parentRefs: [{ name: "elsewhere" }], rules: [{ backendRefs: [{ name: "kubernetes", port: 443 }] }] },
};

/** Asserts that `npm run verify` finds nothing. */
async function assertVerified(): Promise<void> {
  const { code, stdout, stderr } = await npm("verify", ...target.flags);
  assert.equal(code, 0, stdout + stderr);
}

describe("routes of the Gateway API", function () {
  this.timeout(300_000);
  let empty: string[] = [];

  before(async () => {
    const chart = join(projectFolder, "components", "charts", "gateway-api");
    await kubectl("create", "-f", join(chart, "definitions", "referencegrants.json"));
    empty = await allObjects();
    await apply({ services });
    assert.ok(await answers("/user", "Hello from User Service"), "Istio's routes answer");
    assert.deepEqual(await definitions(), [foreignDefinition]);
  });

  it("take the place of Istio's without losing a request, and bring their definitions along", async () => {
    const load = constantLoad(`${gatewayUrl}/user`, 20);
    await apply({ services, ingressApi: "gateway" });
    assert.ok(await answers("/payment", "Hello from Payment Service"), "HTTPRoutes answer");
    assert.deepEqual(Object.keys(statuses(await load.stop())), ["200"]);
    assert.deepEqual(await routes(), ["demo-mirrored", "demo-payment", "demo-split", "demo-user"]);
    assert.ok(!(await names("virtualservice", "-n", namespace)).includes("demo-vs"));
    assert.deepEqual(await names("gateways.networking.istio.io", "-A"), []);
    assert.equal((await definitions()).length, 4);
  });

  it("are accepted, and match segments of a path", async () => {
    const condition = (type: string) => `{range .items[*]}{.status.conditions[?(@.type=="${type}")].status}{end}`;
    const gateways = ["get", "gateways.gateway.networking.k8s.io", "-n", "istio-ingress", "-o"];
    assert.equal(await kubectl(...gateways, `jsonpath=${condition("Programmed")}`), "True");
    assert.equal((await get(`${gatewayUrl}/user/7`)).status, 200);
    assert.equal((await get(`${gatewayUrl}/users`)).status, 404);
  });

  it("follow weights, canary and mirror, through a Service of each version", async () => {
    const bodies = (await drive(`${gatewayUrl}/split`, 300, 6)).map(({ body }) => body.trim());
    const second = bodies.filter((body) => body === "two").length;
    assert.equal(bodies.filter((body) => body === "one").length + second, 300);
    assert.ok(second > 30 && second < 90, `${second} of 300 to v2`);
    const chosen = await drive(`${gatewayUrl}/split`, 20, 2, { "x-canary": "yes" });
    assert.deepEqual(new Set(chosen.map(({ body }) => body.trim())), new Set(["two"]));

    const log = async () => kubectl("logs", "-n", namespace, "deploy/mirrored-v2", "-c", "mirrored");
    const copies = async () => (await log()).split("\n").filter((line) => line.includes("/mirrored")).length;
    const before = await copies();
    assert.deepEqual(statuses(await drive(`${gatewayUrl}/mirrored`, 20, 2)), { 200: 20 });
    assert.ok(await until(10, async () => (await copies()) - before === 20), "the mirror got 20 requests");
  });

  it("pass npm run verify, and istioctl analyze", async () => {
    await assertVerified();
    await assertNothingToAnalyze();
  });

  it("are put right by npm start -- --refresh, when verify has told of one that is gone", async () => {
    await kubectl("delete", "httproute", "-n", namespace, "demo-user");
    const { code, stdout } = await npm("verify", ...target.flags, "--only", "routes");
    assert.notEqual(code, 0);
    assert.match(stdout.replace(/\s+/g, " "), /HTTPRoute demo\/demo-user is gone.*npm start -- --refresh/);
    const config = [
      "-c",
      `services=${JSON.stringify(services)}`,
      "-c",
      "ingressApi=gateway",
      "-c",
      "loadGenerator=false",
    ];
    const refreshed = await npm("start", ...target.flags, "--yes", "--refresh", ...config);
    assert.equal(refreshed.code, 0, refreshed.stdout + refreshed.stderr);
    assert.ok(await answers("/user", "Hello from User Service"), "it is there again");
  });

  it("lead to exposed dashboards, and to services whose proxies know no more than they call", async () => {
    const more = { dashboardsExposed: "true", proxyScope: "declared" };
    const { dashboards } = await apply({ services, ingressApi: "gateway", ...more });
    for (const [name, question] of Object.entries(pageQuestions)) {
      await eventually(() => assertAnswersBelow(`${dashboards[name]?.url}`, question), 30);
    }
    assert.ok(await answers("/user", "Hello from User Service"), "/user answers");
    await assertVerified();
  });

  it("lead to services that ask for a token, or an authorizer, and to limits", async () => {
    const issuer = tokenIssuer("https://login.test");
    const authorizer = createServer(({ headers }, answer) =>
      answer.writeHead(headers["x-purpose"] === "audit" ? 200 : 418).end(),
    );
    const address = await machineAddress();
    await new Promise<void>((resolve, reject) => authorizer.on("error", reject).listen(0, address, resolve));
    try {
      const { port } = authorizer.address() as AddressInfo;
      const vault = {
        name: "vault",
        path: "/vault",
        jwt: { issuer: issuer.issuer, jwks: issuer.jwks, audiences: ["vault"] },
        extAuthz: { url: `http://authz.test:${port}`, requestHeaders: ["x-purpose"] },
      };
      const limited = { name: "limited", path: "/limited", rateLimit: { tokens: 20, fillInterval: "5s" } };
      await apply({
        services: [...services, vault, limited],
        externalHosts: [{ host: "authz.test", port, protocol: "HTTP", addresses: [address] }],
        ingressApi: "gateway",
      });
      const statusOf = async (headers: Record<string, string>) => (await get(`${gatewayUrl}/vault`, headers)).status;
      const token = { authorization: `Bearer ${issuer.token()}` };
      assert.ok(
        await until(30, async () => (await statusOf({ ...token, "x-purpose": "audit" })) === 200),
        "both are there",
      );
      assert.equal(await statusOf({ "x-purpose": "audit" }), 403);
      assert.equal(await statusOf({ ...token, "x-purpose": "other" }), 418);

      assert.ok(await until(30, async () => (await get(`${gatewayUrl}/limited`)).status === 200), "/limited answers");
      const counts = statuses(await drive(`${gatewayUrl}/limited`, 60, 4));
      assert.deepEqual(Object.keys(counts), ["200", "429"], JSON.stringify(counts));
      await assertVerified();
    } finally {
      authorizer.close();
      authorizer.closeAllConnections();
    }
  });

  it("serve HTTPS, and redirect HTTP to it", async () => {
    await apply({ services, ingressApi: "gateway", gatewaySelfSigned: "true" });
    const secret = ["get", "secret", "-n", "istio-ingress", "gateway-self-signed", "-o", "jsonpath={.data.tls\\.crt}"];
    const certificate = Buffer.from(await kubectl(...secret), "base64").toString("utf8");
    for (const [path, text] of [
      ["/user", "Hello from User Service"],
      ["/payment", "Hello from Payment Service"],
    ] as const) {
      const secure = () =>
        getTls(target.secureGatewayUrl + path, certificate).then(
          ({ body }) => body.trim() === text,
          () => false,
        );
      assert.ok(await until(30, secure), path);
    }
    const { status, headers } = await get(`${gatewayUrl}/user?x=1`);
    assert.deepEqual([status, headers.location], [301, `${target.secureGatewayUrl}/user?x=1`]);
    await assertVerified();
  });

  it("give way to Istio's again, and leave definitions and routes of others as they are", async () => {
    await client().apply(foreignRoute);
    await apply({ services });
    assert.ok(await answers("/user", "Hello from User Service"), "Istio's routes answer");
    assert.deepEqual(await routes(), []);
    assert.equal((await definitions()).length, 4);
    assert.ok((await names("virtualservice", "-n", namespace)).includes("demo-vs"));
    assert.deepEqual(await names("httproute", "-A"), ["foreign"]);
    const notes = await kubectl("get", "crd", foreignDefinition, "-o", "jsonpath={.metadata.annotations}");
    assert.doesNotMatch(notes, /helm/);
    const { apiVersion, kind, metadata } = foreignRoute;
    await client().delete({ apiVersion, kind, ...metadata });
  });

  it("leave nothing behind when the stack goes, and the definition that was there", async () => {
    await remove();
    await assertSameObjects(empty);
    await kubectl("delete", "crd", foreignDefinition);
  });
});
