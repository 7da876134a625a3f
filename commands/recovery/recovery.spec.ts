import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import type { KubeClient, LiveObject, ObjectRef } from "../../cluster/kubeClient";
import type { StateResource } from "../pulumi/events";
import type { ExportedStack } from "../pulumi/stack";
import { recover, runVariable } from "./recovery";
import { RunRecords } from "./runRecord";

const place = { backend: "file:///state", cluster: "https://10.0.0.1:6443" };
const startedAt = "2026-01-01T10:00:00.000Z";

function service(name: string): StateResource {
  const inputs = { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "demo" } };
  return { urn: `urn:${name}`, type: "kubernetes:core/v1:Service", inputs };
}

/** An API server that has Services. */
class FakeApi {
  readonly deleted: string[] = [];

  constructor(private readonly services: Record<string, LiveObject>) {}

  list = () => Promise.resolve([]);
  get = ({ name }: ObjectRef) => Promise.resolve(this.deleted.includes(name) ? undefined : this.services[name]);
  delete = ({ name }: ObjectRef) => Promise.resolve(this.deleted.push(name) > 0);
}

function live(creationTimestamp: string): LiveObject {
  return {
    kind: "Service",
    metadata: {
      creationTimestamp: creationTimestamp as unknown as Date,
      managedFields: [{ manager: "pulumi-kubernetes" }],
    },
  };
}

describe("recover", () => {
  let folder: string;
  let records: RunRecords;
  let said: string[];
  let calls: { args: string; input?: string }[];
  let lockFolder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sidecar-mesh-"));
    lockFolder = join(folder, ".pulumi", "locks", "organization", "sidecar-mesh", "dev");
    records = new RunRecords(join(folder, "runs", "dev.json"));
    [said, calls] = [[], []];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function lock(content: { pid?: number; hostname?: string } = {}): void {
    mkdirSync(lockFolder, { recursive: true });
    const whole = { pid: 2 ** 22 + 1, hostname: hostname(), username: "ada", timestamp: startedAt, ...content };
    writeFileSync(join(lockFolder, "0b1c.json"), JSON.stringify(whole));
  }

  function run(
    state?: ExportedStack,
    missing: StateResource[] = [],
    api = new FakeApi({}),
    clusterIsNew = false,
  ): Promise<boolean> {
    const steps = missing.map((resource) => ({ ...resource, op: "create", old: null, new: resource }));
    const called = <T>(args: string, result: T, input?: string): Promise<T> => {
      calls.push({ args, input });
      return Promise.resolve(result);
    };
    const report = { steps, violations: [], outputs: {}, outputsBefore: {}, outputsChange: false, errors: [] };
    return recover({
      ...{ project: "sidecar-mesh", ownBackend: folder, place, records },
      stack: {
        name: "dev",
        cancel: () => called("cancel", undefined),
        export: () => called("export", state!),
        import: (mended) => called("import", undefined, JSON.stringify(mended)),
        tryPreview: () => called("preview", { report, passed: true, said: "", stdout: "" }),
      },
      client: api as unknown as KubeClient,
      clusterIsNew,
      log: (line) => said.push(line),
    });
  }

  it("looks at nothing if the last run ended well", async () => {
    assert.equal(await run(), false);
    assert.deepEqual([calls, said], [[], []]);
  });

  it("empties the state of a cluster that was made anew, also where a dead run has left its lock and a record", async () => {
    lock();
    records.write({ startedAt, ...place });
    const manifest = { time: "2026-01-01T10:01:00Z" };
    const pending = [{ type: "creating", resource: service("half-made") }];
    const state = { version: 3, deployment: { manifest, resources: [service("known")], pending_operations: pending } };
    assert.equal(await run(state, [], new FakeApi({}), true), false);
    assert.deepEqual(
      calls.map(({ args }) => args),
      ["cancel", "export", "import"],
    );
    assert.deepEqual(JSON.parse(calls.at(-1)?.input ?? ""), { version: 3, deployment: { manifest } });
    assert.match(said.at(-1)!, /the cluster was recreated/);
    assert.equal(records.read(), undefined);
  });

  it("takes away the lock of a run that is dead, and what it made without the state knowing of it", async () => {
    lock();
    const pending = [{ type: "creating", resource: service("half-made") }];
    const manifest = { time: "2026-01-01T10:01:00Z" };
    const state = { version: 3, deployment: { manifest, resources: [service("known")], pending_operations: pending } };
    const missing = ["half-made", "lost-answer", "foreign", "absent"].map(service);
    const api = new FakeApi({
      known: live("2026-01-01T10:00:20Z"),
      "half-made": live("2026-01-01T10:01:00Z"),
      "lost-answer": live("2026-01-01T10:00:30Z"),
      foreign: live("2025-12-24T00:00:00Z"),
    });
    assert.equal(await run(state, missing, api), true);
    assert.deepEqual(api.deleted, ["half-made", "lost-answer"]);
    assert.deepEqual(
      calls.map(({ args }) => args),
      ["cancel", "export", "preview", "import"],
    );
    assert.deepEqual(JSON.parse(calls.at(-1)?.input ?? ""), {
      version: 3,
      deployment: { manifest, resources: [service("known")] },
    });
    assert.match(said[0]!, /process 4194305 of ada/);
  });

  it("refreshes after a run that failed, and not after one that came to change nothing", async () => {
    records.write({ startedAt, endedAt: "2026-01-01T10:02:00.000Z", ...place });
    const state = (time: string) => ({ version: 3, deployment: { manifest: { time }, resources: [] } });
    assert.equal(await run(state("2026-01-01T10:01:00Z")), true);
    assert.equal(await run(state("2026-01-01T09:00:00Z")), false);
  });

  it("does not look in another cluster for what a run left", async () => {
    records.write({ startedAt, ...place, cluster: "https://10.0.0.2:6443" });
    assert.equal(await run(), false);
    assert.deepEqual(calls, []);
  });

  it("leaves a lock alone that another host holds, and names the holder, the time and the fix", async () => {
    lock({ hostname: "elsewhere" });
    await assert.rejects(run(), (error: Error) => {
      assert.match(error.message, /stack dev is locked by ada@elsewhere .* since 2026-01-01.*0b1c\.json/);
      assert.match(error.message, /PULUMI_BACKEND_URL=file:\/\/\/state pulumi cancel --yes --stack dev/);
      return true;
    });
    assert.deepEqual(calls, []);
  });

  it("waits for a pulumi that outlived its run, then ends what works for it", async () => {
    const env = { ...process.env, [runVariable]: records.file };
    const pulumi = spawn("sleep", ["0.6"], { argv0: "pulumi", env });
    const provider = spawn("sleep", ["20"], { argv0: "pulumi-resource-kubernetes", env });
    const ended = new Promise((resolve) => provider.on("exit", (_, signal) => resolve(signal)));
    assert.equal(await run(), false);
    assert.equal(pulumi.signalCode, null);
    assert.equal(await ended, "SIGTERM");
    assert.deepEqual(said, [
      `an earlier run is still at work on the stack (pulumi, process ${pulumi.pid}): waiting until it is done`,
    ]);
  });
});
