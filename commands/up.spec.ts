import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { tryRun } from "../toolchain/system/run";
import { projectFolder } from "./stackFiles";
import { parseUpFlags } from "./upFlags";

describe("the flags of npm start", () => {
  it("are off unless they are given", () => {
    const { refresh, expectNoChanges } = parseUpFlags([]);
    assert.deepEqual([refresh, expectNoChanges], [false, false]);
    assert.equal(parseUpFlags(["--expect-no-changes", "--engine", "cli"]).expectNoChanges, true);
  });

  it("refuse --expect-no-changes where nothing is compared", () => {
    assert.throws(
      () => parseUpFlags(["--expect-no-changes", "--engine", "in-process"]),
      /--expect-no-changes needs the Pulumi CLI/,
    );
  });
});

/** Takes what it is called with down; like the CLI, it fails an update that changes something unexpected. */
const standIn = `#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in
  version) echo v3.0.0 ;;
  "stack ls"*) echo '[{"name":"dev"}]' ;;
  up*--expect-no-changes*) echo "error: no changes were expected but changes occurred" >&2; exit 255 ;;
  "stack output"*) echo '{}' ;;
esac
`;

describe("npm start", function () {
  this.timeout(60_000);
  let folder: string;
  let cluster: Server;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "sidecar-mesh-"));
    writeFileSync(join(folder, "pulumi"), standIn);
    chmodSync(join(folder, "pulumi"), 0o700);
    // A cluster that has nothing.
    cluster = createServer((_, answer) => {
      answer.writeHead(404, { "content-type": "application/json" });
      answer.end(
        JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404 }),
      );
    });
    await new Promise<void>((resolve) => cluster.listen(0, "127.0.0.1", resolve));
    const server = `http://127.0.0.1:${(cluster.address() as AddressInfo).port}`;
    const kubeconfig = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: { server, "insecure-skip-tls-verify": true } }],
      users: [{ name: "u", user: {} }],
      contexts: [{ name: "kind-test", context: { cluster: "c", user: "u" } }],
      "current-context": "kind-test",
    };
    writeFileSync(join(folder, "kubeconfig"), JSON.stringify(kubeconfig));
  });

  after(() => {
    cluster.closeAllConnections();
    cluster.close();
    rmSync(folder, { recursive: true });
  });

  async function start(...flags: string[]): Promise<{ code: number; said: string; update?: string }> {
    const calls = join(folder, "calls");
    rmSync(calls, { force: true });
    const { code, stdout, stderr } = await tryRun(
      process.execPath,
      ["--require", "./loader.cjs", "commands/up.ts", "--engine", "cli", "--context", "kind-test", ...flags],
      {
        cwd: projectFolder,
        env: {
          PATH: `${folder}${delimiter}${process.env.PATH}`,
          CALLS: calls,
          KUBECONFIG: join(folder, "kubeconfig"),
          XDG_STATE_HOME: folder,
          PULUMI_BACKEND_URL: `file://${folder}`,
        },
      },
    );
    const lines = existsSync(calls) ? readFileSync(calls, "utf8").split("\n") : [];
    return { code, said: stdout + stderr, update: lines.find((line) => line.startsWith("up ")) };
  }

  it("lets the Pulumi CLI change what has to be", async () => {
    const { code, said, update } = await start();
    assert.equal(code, 0, said);
    assert.match(update ?? said, /^up --yes /);
    assert.doesNotMatch(update ?? "", /--refresh|--expect-no-changes/);
  });

  it("has the Pulumi CLI look at the cluster with --refresh", async () => {
    const { code, said, update } = await start("--refresh");
    assert.equal(code, 0, said);
    assert.match(update ?? said, /^up --yes .*--refresh/);
  });

  it("lets the policies refuse before the Pulumi CLI changes anything", async () => {
    const policies = join(folder, "policies.yaml");
    writeFileSync(policies, "levels: { dashboards-not-public: mandatory }\n");
    const { code, said, update } = await start("--policy-config", policies, "--config", "dashboardsExposed=true");
    assert.equal(code, 1, said);
    assert.match(said, /nothing was changed[^]*\[mandatory\] dashboards-not-public/);
    assert.equal(update, undefined);
  });

  it("fails with --expect-no-changes if the Pulumi CLI finds some", async () => {
    const { code, said } = await start("--expect-no-changes");
    assert.equal(code, 1, said);
    assert.match(said, /no changes were expected[^]*pulumi up ended with exit code 255/);
  });
});
