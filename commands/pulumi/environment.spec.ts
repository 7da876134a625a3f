import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "../session/stackFiles";
import type { PulumiCli } from "./cli";
import { homeOf, mayBeLoggedIn } from "./environment";

const script = (body: string) =>
  `const e = require("./commands/pulumi/environment"); const cli = { source: "PATH", command: "/bin/false", version: "" }; ${body}`;

/** Runs a script in a process of its own: where a user's state is kept is decided once in a process. */
async function run(folder: string, body: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(process.execPath, ["--import", "tsx", "--eval", script(body)], {
    cwd: projectFolder,
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env.PATH, HOME: folder, XDG_STATE_HOME: folder, ...env },
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const [code] = (await once(child, "close")) as [number];
  assert.equal(code, 0);
  return printed.trim();
}

describe("the environment of the Pulumi CLI", function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "pulumi-home-"))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const print = "e.pulumiEnvironment(cli).then((own) => console.log(JSON.stringify(own)));";

  it("brings a local backend, and a passphrase that only its owner reads", async () => {
    const own = JSON.parse(await run(folder, print)) as Record<string, string>;
    assert.equal(own.PULUMI_BACKEND_URL, `file://${join(folder, "sidecar-mesh", "pulumi")}`);
    const file = own.PULUMI_CONFIG_PASSPHRASE_FILE!;
    assert.ok(readFileSync(file, "utf8").length >= 32);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, "sidecar-mesh")).mode & 0o777, 0o700);
  });

  it("overrides nothing that is set", async () => {
    const set = {
      PULUMI_BACKEND_URL: "s3://state",
      PULUMI_CONFIG_PASSPHRASE: "mine",
      PULUMI_K8S_ENABLE_PATCH_FORCE: "false",
    };
    const own = JSON.parse(await run(folder, print, set)) as Record<string, string>;
    assert.deepEqual(Object.keys(own), ["PULUMI_SKIP_UPDATE_CHECK"]);
  });

  it("has one passphrase, even if several runs make it at the same time", async () => {
    const read = 'console.log(require("node:fs").readFileSync(e.passphraseFile(), "utf8"))';
    const all = await Promise.all([1, 2, 3].map(() => run(folder, read)));
    assert.equal(new Set(all).size, 1);
    assert.ok(all[0]!.length >= 32, "no run reads half a passphrase");
    assert.deepEqual(readdirSync(join(folder, "sidecar-mesh")), ["passphrase"]);
  });

  it("makes a passphrase beside what a run left that was killed, and does not write through it", async () => {
    const foreign = join(folder, "foreign");
    writeFileSync(foreign, "not to be touched");
    const prepare = `const fs = require("node:fs"); fs.mkdirSync("${folder}/sidecar-mesh");
      fs.symlinkSync("${foreign}", "${folder}/sidecar-mesh/passphrase." + process.pid);`;
    const file = await run(folder, `${prepare} console.log(e.passphraseFile())`);
    assert.match(readFileSync(file, "utf8"), /^[\w-]{32}$/);
    assert.equal(readFileSync(foreign, "utf8"), "not to be touched");
  });

  it("refuses a PULUMI_HOME of the user's that lacks the plugins of a CLI that was built here", () => {
    const built: PulumiCli = { command: "pulumi", version: "v3.274.1", source: "built from Go modules" };
    assert.throws(
      () => homeOf(built, { PULUMI_HOME: folder }),
      /PULUMI_HOME is .*resource-kubernetes-v4\.[^]*resource-random-v4\.[^]*unset PULUMI_HOME/,
    );
    assert.deepEqual(homeOf({ ...built, source: "PATH" }, { PULUMI_HOME: folder }), {});
  });
});

describe("mayBeLoggedIn", () => {
  let folder: string;
  const project = (text: string) => writeFileSync(join(folder, "Pulumi.yaml"), text);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pulumi-home-"));
    project("name: sidecar-mesh\nruntime: nodejs\n");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("detects a login by the CLI's credentials file, by a token, or by the project's own backend", () => {
    const home = { PULUMI_HOME: folder };
    assert.equal(mayBeLoggedIn(home, folder), false);
    assert.equal(mayBeLoggedIn({ ...home, PULUMI_ACCESS_TOKEN: "pul-1" }, folder), true);
    project("name: sidecar-mesh\nbackend:\n  url: s3://state\n");
    assert.equal(mayBeLoggedIn(home, folder), true);
    project("name: sidecar-mesh\n");
    writeFileSync(join(folder, "credentials.json"), "{}");
    assert.equal(mayBeLoggedIn(home, folder), true);
    assert.equal(mayBeLoggedIn({ PULUMI_CREDENTIALS_PATH: folder }, folder), true);
  });
});
