import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { identify } from "../../toolchain/system/proc";
import { isRunning, RunRecords } from "./runRecord";

describe("record of a run", () => {
  const place = { backend: "file:///state", cluster: "https://10.0.0.1:6443" };
  let folder: string;
  let records: RunRecords;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sidecar-mesh-"));
    records = new RunRecords(join(folder, "runs", "dev.json"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is gone once the run has ended well", () => {
    assert.equal(records.read(), undefined);
    records.begin(place);
    const record = records.read();
    assert.ok(record && isRunning(record));
    records.end();
    assert.equal(records.read(), undefined);
  });

  it("stays with its end if the run failed", () => {
    records.begin(place);
    records.fail();
    const record = records.read();
    assert.ok(record?.endedAt !== undefined && record.endedAt >= record.startedAt);
    assert.ok(!isRunning(record));
  });

  it("knows a run that was killed: its process is gone, or its number went to another", () => {
    const startedAt = "2026-01-01T10:00:00Z";
    assert.ok(!isRunning({ startedAt, ...place, process: { pid: 2 ** 22 + 1 } }));
    assert.ok(!isRunning({ startedAt, ...place, process: { pid: process.pid, startTime: "1", bootId: "another" } }));
    const { startTime, bootId } = identify(process.pid) ?? {};
    assert.ok(!isRunning({ startedAt, ...place, process: { pid: process.pid, startTime: "1", bootId } }));
    assert.ok(!isRunning({ startedAt, ...place, process: { pid: process.pid, startTime, bootId: "another" } }));
    assert.ok(!isRunning({ startedAt, ...place }));
  });

  it("takes the number of a process for it where the system tells no more", () => {
    const startedAt = "2026-01-01T10:00:00Z";
    assert.ok(isRunning({ startedAt, ...place, process: { pid: process.pid } }));
    assert.ok(isRunning({ startedAt, ...place, process: { pid: process.pid, startTime: "1" } }));
  });

  it("is for the user alone, and nothing where no run began", () => {
    records.fail();
    assert.equal(records.read(), undefined);
    records.begin(place);
    assert.equal(statSync(records.file).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(records.file)).mode & 0o777, 0o700);
  });
});
