/**
 * What `npm start` and `npm run down` ask of Pulumi and of the cluster, with a Pulumi CLI and an API server that only
 * note it.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import type { StubObject } from "../support/stubApiServer";
import { StubApiServer } from "../support/stubApiServer";
import { projectFolder } from "../../commands/session/stackFiles";

/** A Pulumi CLI that notes how it is called, and answers from the files of a folder. */
const fakePulumi = (folder: string) => `#!${process.execPath}
const { appendFileSync, copyFileSync, existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const folder = ${JSON.stringify(folder)};
const args = process.argv.slice(2);
const [command, second] = args;
if (command === "version") {
  console.log("v3.265.0");
} else {
  appendFileSync(join(folder, "calls"), JSON.stringify(args) + "\\n");
  const log = args.indexOf("--event-log");
  if (log >= 0) {
    copyFileSync(join(folder, "events"), args[log + 1]);
  }
  if (command === "stack" && second === "ls") {
    console.log("[]");
  } else if (command === "stack" && second === "export") {
    console.log(readFileSync(join(folder, "state"), "utf8"));
  }
  process.exitCode = existsSync(join(folder, "fails-" + command)) ? 255 : 0;
  if (existsSync(join(folder, "waits-" + command))) {
    // As the CLI, it ends what it is at when it is asked to.
    const waiting = setInterval(() => undefined, 1000);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
      process.on(signal, () => {
        appendFileSync(join(folder, "calls"), JSON.stringify(["got", signal]) + "\\n");
        clearInterval(waiting);
        process.exitCode = 255;
      });
    }
    appendFileSync(join(folder, "calls"), JSON.stringify(["waiting"]) + "\\n");
  }
}
`;

const uid = "11111111-1111-1111-1111-111111111111";
const kubeSystem: StubObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system", uid } };

const ourRoot: StubObject = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "istio-ca-root-cert", namespace: "istio-system" },
  data: { "root-cert.pem": "our root" },
};

/** A resource definition of Istio's that a Helm release left. */
function definition(release: string, namespace: string): StubObject {
  const annotations = { "meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "gateways.networking.istio.io", annotations },
    spec: { group: "networking.istio.io", names: { kind: "Gateway" }, versions: [{ name: "v1", served: true }] },
  };
}

/** The release of this stack that installs Istio's resource definitions, in its state. */
const baseRelease = {
  urn: "urn:pulumi:dev::sidecar-mesh::kubernetes:helm.sh/v3:Release::istio-istio-base",
  type: "kubernetes:helm.sh/v3:Release",
  inputs: { name: "istio-base", namespace: "istio-system", chart: "base" },
};

describe("a run of npm start or npm run down", function () {
  this.timeout(60_000);
  let folder: string;
  let server: StubApiServer | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "up-down-"));
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin", "pulumi"), fakePulumi(folder), { mode: 0o755 });
    state();
    events("create");
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
    const open = openToOthers();
    rmSync(folder, { recursive: true });
    assert.deepEqual(open, []);
  });

  /**
   * @returns what other users of the machine could read of what a run has written; the CLI itself keeps the state in
   * pulumi/.
   */
  function openToOthers(): string[] {
    const all = readdirSync(join(folder, "sidecar-mesh"), { recursive: true, encoding: "utf8" });
    assert.ok(all.length > 0, "a run has written something");
    return all
      .filter((path) => !path.startsWith("pulumi"))
      .filter((path) => (statSync(join(folder, "sidecar-mesh", path)).mode & 0o077) !== 0);
  }

  function state(...resources: object[]): void {
    writeFileSync(join(folder, "state"), JSON.stringify({ version: 3, deployment: { resources } }));
  }

  /** Has a preview and an update find one namespace, to which this is to be done. */
  function events(op: string): void {
    const type = "kubernetes:core/v1:Namespace";
    const urn = `urn:pulumi:dev::sidecar-mesh::${type}::mesh-namespace`;
    const inputs = { apiVersion: "v1", kind: "Namespace", metadata: { name: "demo" } };
    const metadata = { op, urn, type, old: null, new: { urn, type, custom: true, inputs } };
    writeFileSync(join(folder, "events"), JSON.stringify({ resourcePreEvent: { metadata } }) + "\n");
  }

  /** Has the stack remember a cluster, as our own backend keeps it. */
  function remember(value: string): void {
    const file = join(folder, "sidecar-mesh", "pulumi", ".pulumi", "stacks", "sidecar-mesh", "dev.pulumi-tags");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ tags: { "sidecar-mesh:cluster": value } }));
  }

  /** A cluster of these objects, and a kubeconfig for it. */
  async function cluster(...objects: StubObject[]): Promise<StubApiServer> {
    server = new StubApiServer([kubeSystem, ...objects]);
    // The client speaks plain text where no certificate would be checked anyway.
    const at = { server: await server.listen(), "insecure-skip-tls-verify": true };
    const content = {
      "current-context": "team",
      clusters: [{ name: "c", cluster: at }],
      contexts: [{ name: "team", context: { cluster: "c", user: "u" } }],
      users: [{ name: "u", user: {} }],
    };
    writeFileSync(join(folder, "kubeconfig"), stringify(content));
    return server;
  }

  /** Starts a command. What it says and prints is collected; `closed` gives its exit code. */
  function start(file: string) {
    const mutant = process.env.__STRYKER_ACTIVE_MUTANT__;
    const child = spawn(
      process.execPath,
      ["--require", "./loader.cjs", `commands/${file}/${file}.ts`, "--context", "team", "--json"],
      {
        cwd: projectFolder,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          PATH: join(folder, "bin"),
          HOME: folder,
          XDG_STATE_HOME: folder,
          KUBECONFIG: join(folder, "kubeconfig"),
          // A mutation tester tells the process which mutant is meant.
          ...(mutant && { __STRYKER_ACTIVE_MUTANT__: mutant }),
        },
      },
    );
    const run = { child, said: "", printed: "", closed: once(child, "close").then(([code]) => code as number) };
    child.stderr.setEncoding("utf8").on("data", (text: string) => (run.said += text));
    child.stdout.setEncoding("utf8").on("data", (text: string) => (run.printed += text));
    return run;
  }

  /**
   * Runs a command against a cluster of these objects.
   * @returns its exit code, what it said, and the calls of the CLI that change things.
   */
  async function run(file: string, ...objects: StubObject[]) {
    const { deleted } = await cluster(...objects);
    const { said, printed, code } = await ended(start(file));
    return { code, said, printed, calls: calls(), deleted };
  }

  async function ended(started: ReturnType<typeof start>) {
    const code = await started.closed;
    return { ...started, code };
  }

  function calls(): string[][] {
    const file = join(folder, "calls");
    const all = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    return all
      .map((line) => JSON.parse(line) as string[])
      .filter(([command, second]) => command !== "stack" || !["ls", "init", "export"].includes(second!));
  }

  const verbs = (all: readonly string[][]) => all.map(([command, second]) => (command === "stack" ? second : command));

  it("asks the policies in the preview and in the update, and has the stack remember its cluster between", async () => {
    const { code, said, calls } = await run("up");
    assert.equal(code, 0, said);
    assert.deepEqual(verbs(calls), ["preview", "tag", "up"]);
    for (const args of [calls[0]!, calls[2]!]) {
      const at = args.indexOf("--policy-pack");
      assert.equal(args[at + 1], "policy", args.join(" "));
    }
    assert.deepEqual(calls[1]!.slice(0, 5), ["stack", "tag", "set", "sidecar-mesh:cluster", `${uid} team`]);
  });

  it("changes nothing where a policy forbids it", async () => {
    writeFileSync(join(folder, "fails-preview"), "");
    const { code, calls } = await run("up");
    assert.deepEqual([code, verbs(calls)], [1, ["preview"]]);
  });

  it("changes nothing where nothing is to be changed", async () => {
    events("same");
    const { code, said, calls } = await run("up");
    assert.equal(code, 0, said);
    assert.match(said, /nothing to change/);
    assert.deepEqual(verbs(calls), ["preview"]);
  });

  it("changes nothing where an object that it would make is there already", async () => {
    const { code, said, calls } = await run("up", { apiVersion: "v1", kind: "Namespace", metadata: { name: "demo" } });
    assert.equal(code, 1);
    assert.match(said, /Namespace demo/);
    assert.deepEqual(verbs(calls), ["preview"]);
  });

  for (const command of ["up", "down"]) {
    it(`leaves another cluster than the stack's alone: ${command}`, async () => {
      state(baseRelease);
      remember("22222222-2222-2222-2222-222222222222 production");
      const { code, said, calls, deleted } = await run(command, ourRoot, definition("istio-base", "istio-system"));
      assert.equal(code, 1);
      assert.match(said, /stack dev was applied to another cluster; nothing was changed/);
      assert.deepEqual([verbs(calls), deleted], [[], []]);
    });
  }

  it("removes the stack, then what its Istio left", async () => {
    state(baseRelease);
    remember(`${uid} team`);
    const { code, said, printed, calls, deleted } = await run(
      "down",
      ourRoot,
      definition("istio-base", "istio-system"),
    );
    assert.equal(code, 0, said);
    assert.deepEqual(verbs(calls), ["destroy", "tag"]);
    assert.deepEqual(deleted, [
      "CustomResourceDefinition gateways.networking.istio.io",
      "ConfigMap istio-system/istio-ca-root-cert",
    ]);
    assert.deepEqual((JSON.parse(printed) as { removed: string[] }).removed, deleted);
  });

  it("sweeps nothing of a mesh that the stack has no part in", async () => {
    const { code, said, deleted } = await run("down", ourRoot, definition("istio-base", "istio-system"));
    assert.equal(code, 0, said);
    assert.deepEqual(deleted, []);
    assert.match(said, /kept CustomResourceDefinition gateways\.networking\.istio\.io/);
  });

  it("sweeps nothing where the removal fails", async () => {
    state(baseRelease);
    writeFileSync(join(folder, "fails-destroy"), "");
    const { code, deleted } = await run("down", ourRoot, definition("istio-base", "istio-system"));
    assert.deepEqual([code, deleted], [1, []]);
  });

  /** Waits until something is so. */
  async function until(what: string, isSo: () => boolean): Promise<void> {
    for (const end = Date.now() + 30_000; !isSo(); await sleep(50)) {
      assert.ok(Date.now() < end, `${what} does not come`);
    }
  }
  const says = (one: string, two?: string) => calls().some(([first, second]) => first === one && second === two);

  for (const [signal, exitCode, forwarded] of [
    ["SIGINT", 130, "SIGINT"],
    ["SIGTERM", 143, "SIGTERM"],
    ["SIGHUP", 129, "SIGTERM"],
  ] as const) {
    it(`hands ${signal} on to Pulumi, and ends once that has ended`, async () => {
      await cluster();
      writeFileSync(join(folder, "waits-up"), "");
      const first = start("up");
      await until("an update", () => says("waiting"));
      first.child.kill(signal);
      const { code, said } = await ended(first);
      assert.equal(code, exitCode, said);
      assert.ok(says("got", forwarded), JSON.stringify(calls()));
      assert.match(said, new RegExp(`pulumi up was ended by ${signal}; run the command again`));
    });
  }

  it("says that another run is at work on the stack, and waits for it", async () => {
    await cluster();
    writeFileSync(join(folder, "waits-up"), "");
    const first = start("up");
    await until("an update", () => says("waiting"));
    const second = start("down");
    await until("what the second says", () => second.said.includes("still at work"));
    assert.match(
      second.said,
      new RegExp(`an earlier run is still at work on the stack \\(npm, process ${first.child.pid}\\): waiting until`),
    );
    assert.ok(!says("destroy"));
    second.child.kill("SIGTERM");
    await second.closed;
    first.child.kill("SIGTERM");
    await first.closed;
  });
});
