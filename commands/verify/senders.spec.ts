import assert from "node:assert/strict";
import { declaredService } from "../../test/support/declaredService";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { LiveObject } from "../../cluster/kubeClient";
import type { DeclaredService } from "../../stacks/declared";
import type { HttpClient } from "../shared/httpClient";
import type { Context } from "./check";
import { sendersOf } from "./senders";
import { floodCommand, readFlood, readWget, wgetCommand } from "./wget";

describe("wget in a pod", () => {
  it("returns status, headers and body", () => {
    const stderr = "  HTTP/1.1 200 OK\n  Grpc-Status: 14\n  content-length: 6\n  \n";
    const { status, headers, body } = readWget({ ok: true, stdout: "Hello\n", stderr });
    assert.deepEqual([status, headers, body], [200, { "grpc-status": "14", "content-length": "6" }, "Hello\n"]);
  });

  it("returns why there was no answer, or no success", () => {
    const refused = "  HTTP/1.1 403 Forbidden\nwget: server returned error: HTTP/1.1 403 Forbidden\n";
    const { status, said } = readWget({ ok: false, stdout: "", stderr: refused });
    assert.deepEqual([status, said], [403, "wget: server returned error: HTTP/1.1 403 Forbidden"]);
    const unreached = readWget({ ok: false, stdout: "", stderr: "wget: bad address 'x'\n" });
    assert.deepEqual([unreached.status, unreached.headers], [undefined, {}]);
    // Debian's own build prints no status for a success.
    assert.equal(readWget({ ok: true, stdout: "Hello", stderr: "" }).status, 200);
  });

  it("asks with headers", () => {
    assert.deepEqual(wgetCommand("http://a/", { "x-b": "c d" }).slice(-3), ["--header", "x-b: c d", "http://a/"]);
  });

  it("asks many times, and counts every answer", () => {
    const folder = mkdtempSync(join(tmpdir(), "wget-"));
    try {
      // It answers by what it is asked, and fails unless each argument arrived whole.
      const fake = `#!/bin/sh\n[ "$6" = "x-b: c d" ] && [ "$7" = "http://a/" ] && echo "  HTTP/1.1 429 Too Many Requests" >&2\nexit 1\n`;
      writeFileSync(join(folder, "wget"), fake, { mode: 0o755 });
      const [command = "", ...args] = floodCommand("http://a/", { count: 25, atOnce: 4, headers: { "x-b": "c d" } });
      const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
      const { stdout, stderr } = spawnSync(command, args, { encoding: "utf8", env });
      assert.equal(stderr, "");
      assert.deepEqual(readFlood({ ok: true, stdout, stderr }, 26), [...Array<number>(25).fill(429), 0]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("who sends a service requests", () => {
  const service = declaredService;
  const web = service("web", { path: "/web" });
  const caller = { namespace: "demo", serviceAccount: "web" };
  const pod = (containers: string[]) =>
    ({
      metadata: { name: "web-1", namespace: "demo", labels: { app: "web" } },
      spec: { serviceAccountName: "web", containers: containers.map((name) => ({ name })) },
      status: { conditions: [{ type: "Ready", status: "True" }] },
    }) as unknown as LiveObject;
  const sent: string[] = [];
  const contextOf = (services: DeclaredService[], pods: LiveObject[], gatewayUrl?: string) =>
    ({
      cluster: {
        list: (_: string, __: string, namespace: string) => Promise.resolve(namespace === "demo" ? pods : []),
        exec: (namespace: string, name: string, container: string, command: string[]) => {
          sent.push(`${namespace}/${name} ${container} ${command.at(-1)}`);
          return Promise.resolve({ ok: false, stdout: "", stderr: "  HTTP/1.1 418 I'm a teapot\n" });
        },
      },
      declared: { services, namespaces: { mesh: "demo", gateway: "gw" }, gateway: { name: "gateway" } },
      gatewayUrl,
    }) as unknown as Context;
  let [under, most] = [0, 0];
  const http = {
    get: async (url: string) => {
      most = Math.max(most, ++under);
      await Promise.resolve(sent.push(url));
      under--;
      return { status: 200, headers: {}, body: "", ms: 1 };
    },
  } as unknown as HttpClient;

  it("is the gateway for a path, / too, and else a declared caller's own pod", async () => {
    const [root, inner] = [service("root", { path: "/" }), service("inner", { callers: [caller] })];
    const senders = await sendersOf(contextOf([web, root, inner], [pod(["web", "log-rotator"])], "http://gw"), http);
    for (const sender of senders.values()) {
      assert.ok(typeof sender === "object");
      await sender.send({}, "x");
    }
    assert.deepEqual(sent, ["http://gw/web/x", "http://gw/x", "demo/web-1 log-rotator http://inner.demo:8080/x"]);
    const answer = await (senders.get(inner) as Exclude<ReturnType<typeof senders.get>, string | undefined>).send();
    assert.equal(answer.status, 418);
  });

  it("sends as many at once as requested", async () => {
    const [sender] = (await sendersOf(contextOf([web], [], "http://gw"), http)).values();
    assert.ok(typeof sender === "object");
    for (const [together, expected] of [
      [undefined, 50],
      [7, 7],
    ]) {
      most = 0;
      assert.equal((await sender.sendMany(50, {}, together)).length, 50);
      assert.equal(most, expected);
    }
  });

  it("is a reason where no caller is declared, or none can send", async () => {
    const [alone, inner] = [service("alone"), service("inner", { callers: [caller] })];
    const guarded = service("guarded", { path: "/guarded", jwt: { paths: ["/guarded"] } });
    const [refused] = (await sendersOf(contextOf([guarded], [], "http://gw"), http)).values();
    assert.equal(refused, "it asks for a token, or an external authorizer");
    const senders = await sendersOf(contextOf([web, alone, inner], [pod(["web"])]), http);
    assert.deepEqual(
      [...senders.values()],
      [
        "the gateway's address is not known, and no service here is declared to call it",
        "no service here is declared to call it",
        "no caller of it has a container log-rotator to send from",
      ],
    );
  });
});
