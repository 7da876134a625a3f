import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse, stringify } from "yaml";
import { passphraseFile } from "../../commands/pulumi/environment";
import { withContext } from "../../commands/session/meshContext";
import { projectFolder, stackFile } from "../../commands/session/stackFiles";
import { proxySource } from "../../commands/tap/sources";
import { run, tryRun } from "../../toolchain/system/run";
import { copyOfProject } from "../support/copyOfProject";
import { client, eventually, kubeconfigOfCommands } from "./cluster";
import { target } from "./target";
import {
  addFortio,
  constantLoad,
  drive,
  fortioArgs,
  fortioIn,
  fortioService,
  gatewayUrl,
  get,
  namespace,
  statuses,
  until,
} from "./trafficSupport";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const privateKey = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();

/** Secrets where people have them; the archive must have none. */
const planted = {
  secret: "planted-secret-7d1",
  variable: "planted-variable-8e2",
  configMap: "planted-config-map-9f3",
  query: "planted-query-1a4",
  keyLine: privateKey.split("\n")[1]!,
};

/** Names that no other spec has: Prometheus remembers who called those. */
const services = [
  fortioService("buyer", "", { env: { DB_PASSWORD: planted.variable } }),
  fortioService("bystander", ""),
  fortioService("shop", "", {
    path: "/shop",
    allowFrom: ["buyer", "bystander"],
    versions: [
      { version: "v1", weight: 100 },
      { version: "v2", weight: 0 },
      { version: "v3", weight: 0, args: fortioArgs("shop", "status=503:20") },
    ],
  }),
];

/** What a command printed with --json, and how it ended. */
interface Ended<T> {
  code: number;
  result: T;
  said: string;
}

interface CanaryResult {
  weight: number;
  rolledBack: boolean;
  steps: { weight: number; requests: number; success: number; cause?: string }[];
}

interface EdgesResult {
  used: object[];
  unused: object[];
  undeclared: object[];
  proposal?: string;
}

interface TapResult {
  requests: { caller: string; path: string; code: number; ms: number; traceId: string }[];
}

describe("operations", function () {
  this.timeout(300_000);

  /** Canaries write into the stack's file: a copy has one of its own. */
  let copy: string;
  const file = () => stackFile(target.stack, copy);
  const config = ["-c", "loadGenerator=false"];
  const env = { KUBECONFIG: kubeconfigOfCommands };

  async function command<T>(script: string, ...args: string[]): Promise<Ended<T>> {
    const all = ["run", "--silent", script, "--", ...args, ...target.flags, ...config, "--json"];
    const { code, stdout, stderr } = await tryRun("npm", all, { cwd: copy, env });
    const last = stdout.trim().split("\n").at(-1) ?? "";
    return { code, result: (last.startsWith("{") ? JSON.parse(last) : {}) as T, said: stderr };
  }

  const weights = () => {
    const { config: own } = parse(readFileSync(file(), "utf8")) as { config: Record<string, typeof services> };
    const shop = own["sidecar-mesh:services"]!.find(({ name }) => name === "shop") as unknown as {
      versions: { weight: number }[];
    };
    return shop.versions.map(({ weight }) => weight);
  };

  before(async () => {
    copy = await copyOfProject();
    const content = parse(readFileSync(file(), "utf8")) as { config: Record<string, unknown> };
    content.config["sidecar-mesh:services"] = services;
    writeFileSync(file(), stringify(content));
    await addFortio();
    const { code, said } = await command("start", "--yes");
    assert.equal(code, 0, said);
    assert.ok(await until(30, async () => (await get(`${gatewayUrl}/shop`)).status === 200), "the gateway answers");
  });

  after(() => rmSync(copy, { recursive: true, force: true }));

  it("edges: says what is never used, and what a configuration is about to refuse", async () => {
    for (let i = 0; i < 5; i++) {
      assert.match(await fortioIn("buyer", "curl", "http://shop:8080/"), /HTTP\/1.1 200/);
    }
    const edge = (caller: string) => new RegExp(`"caller":"${caller}","service":"shop"`);
    await eventually(async () => {
      const { code, result, said } = await command<EdgesResult>("edges", "--since", "10m");
      assert.equal(code, 0, said);
      assert.match(JSON.stringify(result.used), edge("buyer"));
      assert.match(JSON.stringify(result.used), edge("istio-ingress/istio-ingressgateway"));
      assert.match(JSON.stringify(result.unused), edge("bystander"));
      assert.deepEqual(result.undeclared, []);
      assert.match(result.proposal ?? "", /allowFrom:\s+- buyer\n(?!\s+- bystander)/);
    });
    const without = services.map((one) => (one.name === "shop" ? { ...one, allowFrom: ["bystander"] } : one));
    const { code, result, said } = await command<EdgesResult>("edges", "-c", `services=${JSON.stringify(without)}`);
    assert.equal(code, 1, said);
    assert.match(JSON.stringify(result.undeclared), edge("buyer"));
    assert.match(said, /buyer +shop +\d+ +not declared: refused from the next npm start on/);
    assert.match(result.proposal ?? "", /allowFrom:\s+- buyer\n(?!\s+- bystander)/);
  });

  describe("tap", () => {
    it("shows requests with caller, code and trace id, and ends after so many", async () => {
      const load = constantLoad(`${gatewayUrl}/shop/debug`, 5);
      const { code, result, said } = await command<TapResult>("tap", "shop", "--count", "3");
      await load.stop();
      assert.equal(code, 0, said);
      assert.equal(result.requests.length, 3);
      for (const { caller, path, code: status, traceId } of result.requests) {
        assert.deepEqual([caller, path, status], ["istio-ingress/istio-ingressgateway", "/shop/debug", 200]);
        assert.match(traceId, /^[0-9a-f]{32}$/);
      }
    });

    it("ends with Ctrl-C", async () => {
      // Not through npm, which would be the one to get the signal.
      const args = ["--require", "./loader.cjs", "commands/tap/tap.ts", "shop", ...target.flags];
      const child = spawn(process.execPath, args, { cwd: projectFolder, env: { ...process.env, ...env } });
      let said = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
      const ended = once(child, "close") as Promise<[number | null]>;
      await eventually(() => Promise.resolve(assert.match(said, /Ctrl-C ends/)), 60);
      child.kill("SIGINT");
      assert.deepEqual((await ended)[0], 0, said);
    });

    it("follows the log of proxies, where Loki is not part of the stack", async () => {
      const session = { stack: target.stack, settings: {}, kubeconfig: target.kubeconfig, context: target.context };
      const stop = new AbortController();
      const lines: string[] = [];
      await withContext(
        session,
        () => undefined,
        async (context) => {
          // The gateway's proxy writes to its standard output, as all do without Loki.
          const { namespaces, gateway } = context.declared;
          const there = {
            ...context,
            declared: { ...context.declared, namespaces: { ...namespaces, mesh: namespaces.gateway } },
          };
          const load = constantLoad(`${gatewayUrl}/shop/streamed`, 5);
          const following = proxySource(there, gateway.name, (line) => lines.push(line), stop.signal);
          await eventually(() => Promise.resolve(assert.match(lines.join("\n"), /"path":"\/shop\/streamed"/)), 30);
          stop.abort();
          await Promise.all([following, load.stop()]);
        },
      );
    });
  });

  it("support: has verify, proxies, objects and logs in one archive, and none of the secrets", async () => {
    const objects = [
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "planted", namespace },
        stringData: { password: planted.secret },
      },
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "planted", namespace },
        data: {
          "app.ini": `password = ${planted.configMap}\n`,
          "copy.txt": `again ${planted.secret}`,
          "key.pem": privateKey,
        },
      },
    ];
    for (const object of objects) {
      await client().apply(object);
    }
    await get(`${gatewayUrl}/shop?access_token=${planted.query}`);
    const archive = join(copy, "archive.tgz");
    const { code, result, said } = await command<{ verify: boolean }>("support", "--output", archive);
    for (const { apiVersion, kind, metadata } of objects) {
      await client().delete({ apiVersion, kind, ...metadata });
    }
    assert.equal(code, 0, said);
    assert.doesNotMatch(said, /not collected/);

    const names = (await run("tar", ["-tzf", archive])).split("\n");
    const all = gunzipSync(readFileSync(archive)).toString("utf8");
    for (const wanted of [
      /versions\.json/,
      /verify\.json/,
      /objects\/demo\/Secret\.yaml/,
      /objects\/demo\/VirtualService\.yaml/,
    ]) {
      assert.ok(
        names.some((name) => wanted.test(name)),
        `${wanted} in ${names.join(" ")}`,
      );
    }
    for (const proxied of ["demo/shop-v1", "demo/buyer", "istio-ingress/istio-ingressgateway"]) {
      assert.ok(
        names.some((name) => name.startsWith(`archive/proxies/${proxied}`)),
        proxied,
      );
      assert.ok(
        names.some((name) => name.startsWith(`archive/logs/${proxied}`)),
        proxied,
      );
    }
    assert.ok(
      names.some((name) => name.startsWith("archive/logs/istio-system/istiod")),
      "istiod's log",
    );
    assert.equal(result.verify, true, "verify passes");
    assert.match(all, /envoy\.filters\.network\.http_connection_manager/);

    const passphrase = target.embedded ? { passphrase: readFileSync(passphraseFile(), "utf8") } : {};
    for (const [where, secret] of Object.entries({ ...planted, ...passphrase })) {
      for (const form of [secret, base64(secret), base64(`${secret}\n`)]) {
        assert.equal(all.indexOf(form), -1, `${where} as ${form}`);
      }
    }
    assert.doesNotMatch(all, /PRIVATE KEY-----/);
  });

  describe("canary", () => {
    const canary = (version: string, steps: string) =>
      command<CanaryResult>("canary", "shop", version, "--steps", steps, "--hold", "10s");
    let load: ReturnType<typeof constantLoad>;
    before(() => (load = constantLoad(`${gatewayUrl}/shop`, 20)));
    after(() => load.stop());

    it("brings a version that holds to all requests, step by step", async () => {
      const { code, result, said } = await canary("v2", "50,100");
      assert.equal(code, 0, said);
      assert.deepEqual(
        result.steps.map(({ weight, success, cause }) => ({ weight, success, cause })),
        [50, 100].map((weight) => ({ weight, success: 100, cause: undefined })),
      );
      assert.deepEqual(weights(), [0, 100, 0]);
    });

    it("rolls back a version that fails a fifth of its requests", async () => {
      const { code, result, said } = await canary("v3", "50,100");
      assert.equal(code, 1, said);
      const [step, ...more] = result.steps;
      assert.deepEqual(more, []);
      assert.ok(step!.success > 60 && step!.success < 95, JSON.stringify(step));
      assert.match(step!.cause ?? "", /% of \d+ requests succeeded, less than 99 %/);
      assert.deepEqual([result.rolledBack, result.weight], [true, 0]);
      assert.deepEqual(weights(), [0, 100, 0]);
      assert.deepEqual(statuses(await drive(`${gatewayUrl}/shop`, 60, 4)), { 200: 60 }, "v2 alone answers again");
    });
  });

  it("an update says which of today's edges it breaks, and does", async () => {
    const content = parse(readFileSync(file(), "utf8")) as { config: Record<string, typeof services> };
    const shop = content.config["sidecar-mesh:services"]!.find(({ name }) => name === "shop")!;
    Object.assign(shop, { allowFrom: ["bystander"] });
    writeFileSync(file(), stringify(content));
    const { code, said } = await command("start", "--yes");
    assert.equal(code, 0, said);
    assert.match(said, /advice: buyer called shop \d+ times in the last hour, and this change refuses it: name it in/);
    await eventually(async () => assert.match(await fortioIn("buyer", "curl", "http://shop:8080/"), /HTTP\/1.1 403/));
  });
});
