import assert from "node:assert/strict";
import { statSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { createServer } from "node:http";
import { Agent, get } from "node:https";
import type { AddressInfo } from "node:net";
import type { Supplies } from "../../commands/images/imageList";
import { statePaths } from "../../toolchain/paths";
import { isAlive } from "../../commands/verify/objects";
import { client, eventually, machineAddress, npm, servingPod, start, tool } from "./cluster";
import type { Outputs } from "./cluster";
import { plainSecrets } from "../support/pulumi";
import { tokenIssuer } from "../support/tokens";
import { remove } from "./trafficSupport";
import { target } from "./target";

/** Asks over HTTPS. @returns what the answer says. */
function ask(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent, timeout: 5000 }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text: string) => (body += text));
      answer.on("end", () => resolve(body));
    }).on("error", reject);
  });
}

/** An answer of the gateway. */
interface Answer {
  status?: number;
  body: string;
}

/** Asks the gateway for a path as it is written, and not as a URL would be, over HTTPS. */
function askAsWritten(gatewayUrl: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const { hostname, port } = new URL(gatewayUrl);
  return new Promise((resolve, reject) => {
    get({ hostname, port, path, headers, rejectUnauthorized: false, timeout: 5000 }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text: string) => (body += text));
      answer.on("end", () => resolve({ status: answer.statusCode, body: body.trim() }));
    }).on("error", reject);
  });
}

/** What an external authorizer was asked. */
interface Question {
  method?: string;
  url?: string;
  headers: IncomingHttpHeaders;
}

/**
 * On this machine, where pods reach it: the keys of an issuer, and an authorizer that lets requests with `x-purpose:
 * audit` pass.
 */
async function outsideServer(jwks: object) {
  const questions: Question[] = [];
  const server = createServer(({ method, url, headers }, answer) => {
    if (url === "/keys") {
      answer.end(JSON.stringify(jwks));
      return;
    }
    questions.push({ method, url, headers });
    const passes = headers["x-purpose"] === "audit";
    answer.writeHead(passes ? 200 : 418).end(passes ? "" : "the authorizer refuses");
  });
  const address = await machineAddress();
  await new Promise<void>((resolve, reject) => server.on("error", reject).listen(0, address, resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { address, port: (server.address() as AddressInfo).port, questions, close };
}

/**
 * One pod more for each Deployment, so that it can be replaced; to count requests and limits every container has to
 * name them.
 */
const quota = { pods: "8", "requests.cpu": "2", "requests.memory": "2Gi", "limits.memory": "8Gi" };

describe("security", () => {
  let said = "";
  let outputs: Outputs;
  let outside: Awaited<ReturnType<typeof outsideServer>>;
  const issuer = tokenIssuer("https://login.test");
  const other = tokenIssuer("https://login.test");

  before(async () => {
    // Pods of another spec's services would take room of the quota until the end of the update, which waits for its
    // own.
    await remove();
    outside = await outsideServer(issuer.jwks);
    const { address, port } = outside;
    const services = [
      {
        name: "user-service",
        text: "Hello from User Service",
        path: "/user",
        jwt: { issuer: issuer.issuer, jwks: issuer.jwks, paths: ["/user/admin"] },
      },
      { name: "payment-service", text: "Hello from Payment Service", path: "/payment", allowFrom: ["user-service"] },
      {
        name: "vault",
        text: "Hello from the vault",
        path: "/vault",
        allowFrom: ["user-service"],
        jwt: { issuer: issuer.issuer, jwksUri: `http://${address}:${port}/keys`, audiences: ["vault"] },
        extAuthz: { url: `http://authz.test:${port}/check`, requestHeaders: ["x-purpose"], paths: ["/vault/open"] },
      },
    ];
    const externalHosts = [{ host: "authz.test", port, protocol: "HTTP", addresses: [address] }];
    ({ said, outputs } = await start(
      ...["-c", "gatewaySelfSigned=true", "-c", "networkPolicy=true"],
      ...["-c", `resourceQuota=${JSON.stringify(quota)}`],
      ...["-c", `services=${JSON.stringify(services)}`, "-c", `externalHosts=${JSON.stringify(externalHosts)}`],
    ));
  });

  after(() => outside.close());

  if (target.embedded) {
    it("keeps the embedded cluster's credentials from all users but their owner", () => {
      const { kubeconfig, dockerSocket } = statePaths();
      const files = [kubeconfig, dockerSocket];
      assert.deepEqual(
        files.filter((file) => (statSync(file).mode & 0o077) !== 0),
        [],
      );
    });
  }

  it("has generated secrets in Secrets alone, and tells none", async () => {
    // What else the state marks as secret is beside a key in one object: a certificate, names.
    const generated = (await plainSecrets(target.stack)).filter((text) => text.includes("PRIVATE KEY"));
    assert.ok(generated.length > 0);
    const key = await tool(
      ...(["kubectl", "-n", "istio-ingress", "get", "secret", "gateway-self-signed", "-o"] as const),
      "jsonpath={.data.tls\\.key}",
    );
    const kinds = "configmaps,pods,deployments,statefulsets,daemonsets,services,serviceaccounts,namespaces,events";
    const open = (await tool("kubectl", "get", kinds, "-A", "-o", "json")) + said;
    const pems = [...generated, Buffer.from(key, "base64").toString()];
    for (const secret of [key, ...pems.map((pem) => pem.split("\n")[1]!)]) {
      assert.ok(secret.length > 16 && !open.includes(secret), "a secret is in the open");
    }
  });

  it("lets traffic pass beside a NetworkPolicy, to pods that a quota counts", async () => {
    const agent = new Agent({ rejectUnauthorized: false });
    for (const [name, text] of [
      ["user-service", "Hello from User Service"],
      ["payment-service", "Hello from Payment Service"],
    ] as const) {
      await eventually(async () => assert.equal((await ask(outputs.services[name]!, agent)).trim(), text));
    }
    const object = async (apiVersion: string, kind: string, name: string) =>
      client().get({ apiVersion, kind, name, namespace: "demo" });

    // A pod counts until it is gone.
    await eventually(async () => {
      const { status } = (await object("v1", "ResourceQuota", "quota")) ?? {};
      const { hard, used } = status as Record<"hard" | "used", Record<string, string>>;
      assert.deepEqual(hard, quota);
      assert.deepEqual(Object.keys(used).sort(), Object.keys(quota).sort());
      const pods = (await client().list("v1", "Pod", "demo")).filter(isAlive);
      assert.ok(pods.length >= 3 && pods.length === Number(used.pods), `${pods.length} pods, ${used.pods} counted`);
      assert.ok(
        Object.values(used).every((amount) => !/^0\D*$/.test(amount)),
        JSON.stringify(used),
      );
    });
    const { spec } = (await object("networking.k8s.io/v1", "NetworkPolicy", "mesh-only")) ?? {};
    const from = (spec?.ingress as { from?: unknown[] }[])[0]?.from;
    const gateways = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "istio-ingress" } } };
    assert.equal(JSON.stringify(from), JSON.stringify([{ podSelector: {} }, gateways]));
  });

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const answerTo = (path: string, headers?: Record<string, string>) => askAsWritten(outputs.gatewayUrl, path, headers);

  it("lets requests with a right token in, refuses wrong ones, and those without", async () => {
    const valid = bearer(issuer.token());
    await eventually(async () => {
      assert.deepEqual(await answerTo("/vault", valid), { status: 200, body: "Hello from the vault" });
    });
    const cases: [string, Record<string, string>, number][] = [
      ["no token", {}, 403],
      ["one that ended", bearer(issuer.token({ exp: 1 })), 401],
      ["one of another issuer", bearer(issuer.token({ iss: "https://other.test" })), 401],
      ["one of another key", bearer(other.token()), 401],
      ["none at all", bearer("x.y.z"), 401],
      ["one for another audience", bearer(issuer.token({ aud: "shop" })), 403],
    ];
    for (const [what, headers, status] of cases) {
      assert.equal((await answerTo("/vault", headers)).status, status, what);
    }
  });

  it("lets a caller in that is declared and has a token, not one that lacks either", async () => {
    const statusFor = async (caller: string, token?: string) => {
      const { name } = await servingPod("demo", `app=${caller}`);
      const header = token === undefined ? [] : ["--header", `Authorization: Bearer ${token}`];
      const wget = ["wget", "-S", "-q", "-O", "-", ...header, "http://vault.demo:8080/"];
      const command = ["sh", "-c", '"$@" 2>&1 || true', "sh", ...wget];
      const said = await tool("kubectl", "-n", "demo", "exec", name, "-c", "log-rotator", "--", ...command);
      return Number(/HTTP\/1\.1 (\d+)/.exec(said)?.[1]);
    };
    const token = issuer.token();
    assert.equal(await statusFor("user-service", token), 200);
    assert.equal(await statusFor("user-service"), 403);
    assert.equal(await statusFor("payment-service", token), 403);
  });

  it("asks for a token on some paths, however these are written", async () => {
    const valid = bearer(issuer.token());
    assert.deepEqual(await answerTo("/user"), { status: 200, body: "Hello from User Service" });
    assert.equal((await answerTo("/user/administrators")).status, 200);
    assert.equal((await answerTo("/user/admin", valid)).status, 200);
    assert.equal((await answerTo("/user/admin/keys?x=1", valid)).status, 200);
    const ways = [
      "/user/admin",
      "/user/admin/",
      "/user/admin/keys?x=1",
      "//user/admin",
      "/user//admin",
      "/user/./admin",
    ];
    for (const path of [
      ...ways,
      "/user/x/../admin",
      "/user/%61dmin",
      "/user%2fadmin",
      "/user\\admin",
      "/%75ser/admin",
    ]) {
      assert.notEqual((await answerTo(path)).status, 200, path);
    }
  });

  it("asks an external authorizer, beside the token, and refuses while it does not answer", async () => {
    const valid = bearer(issuer.token());
    const audit = { "x-purpose": "audit" };
    assert.deepEqual(await answerTo("/vault/open", valid), { status: 418, body: "the authorizer refuses" });
    assert.equal((await answerTo("/vault/open", audit)).status, 403);
    assert.equal((await answerTo("/vault/open?door=1", { ...valid, ...audit })).status, 200);
    const { method, url, headers } = outside.questions.at(-1)!;
    assert.deepEqual([method, url, headers.authorization], ["GET", "/check/vault/open?door=1", valid.authorization]);
    // It is asked about no other path.
    const asked = outside.questions.length;
    assert.equal((await answerTo("/vault", valid)).status, 200);
    assert.equal(outside.questions.length, asked);
    outside.close();
    assert.equal((await answerTo("/vault/open", { ...valid, ...audit })).status, 403);
    assert.equal((await answerTo("/vault", valid)).status, 200);
  });

  it("keeps pods with guards ready, and satisfies verify", async () => {
    const pods = (await client().list("v1", "Pod", "demo")).filter(isAlive);
    const statuses = pods.flatMap(
      ({ status }) => status?.containerStatuses as { ready: boolean; restartCount: number }[],
    );
    assert.ok(statuses.length > 0 && statuses.every(({ ready, restartCount }) => ready && restartCount === 0));
    const { code, stdout } = await npm("verify", ...target.flags);
    assert.equal(code, 0, stdout);
  });

  it("refuses pods beyond the quota", async () => {
    const scale = (replicas: number) =>
      tool("kubectl", "-n", "demo", "scale", "deployment/user-service", `--replicas=${replicas}`);
    await scale(6);
    try {
      await eventually(async () => {
        const events = await tool("kubectl", "-n", "demo", "get", "events", "--field-selector", "reason=FailedCreate");
        assert.match(events, /user-service.*exceeded quota: quota/);
      });
    } finally {
      await scale(1);
    }
  });

  it("runs the images that npm run images lists, and no other", async () => {
    const { code, stdout } = await npm("images", ...target.flags, "--json", "-c", "gatewaySelfSigned=true");
    assert.equal(code, 0);
    const { images } = JSON.parse(stdout) as Supplies;
    const pods = await client().list("v1", "Pod");
    const ours = pods.filter(({ metadata }) => /^(demo|istio-|observability)/.test(metadata?.namespace ?? ""));
    const running = ours.flatMap(({ spec }) => {
      const { containers, initContainers = [] } = spec as {
        containers: { image: string }[];
        initContainers?: { image: string }[];
      };
      return [...containers, ...initContainers].map(({ image }) => image);
    });
    assert.deepEqual([...new Set(running)].sort(), images.map(({ image }) => image).sort());
  });
});
