import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judgeLock, readLocks } from "./backendLock";

describe("lock of a file backend", () => {
  const lock = { pid: 4711, hostname: "here" };
  const none = () => undefined;

  it("is held while its process runs pulumi", () => {
    assert.equal(
      judgeLock(lock, "here", (pid) => (pid === 4711 ? "pulumi" : undefined)),
      "held",
    );
  });

  it("is stale once there is no such process, or its number went to another program", () => {
    assert.equal(judgeLock(lock, "here", none), "stale");
    assert.equal(
      judgeLock(lock, "here", () => "pulumi-resource-kubernetes"),
      "stale",
    );
    assert.equal(
      judgeLock(lock, "here", () => "not-pulumi"),
      "stale",
    );
  });

  it("is never stale if another host holds it: a process of the same number here proves nothing", () => {
    assert.equal(judgeLock(lock, "there", none), "held elsewhere");
  });

  it("is read from the backend's folder, of the one stack", () => {
    const folder = mkdtempSync(join(tmpdir(), "sidecar-mesh-"));
    try {
      assert.deepEqual(readLocks(folder, "sidecar-mesh", "dev"), []);
      const locks = join(folder, ".pulumi", "locks", "organization", "sidecar-mesh");
      const content = { pid: 1, username: "ada", hostname: "here", timestamp: "2026-01-02T03:04:05.678901234Z" };
      for (const stack of ["dev", "prod"]) {
        mkdirSync(join(locks, stack), { recursive: true });
        writeFileSync(join(locks, stack, "0b1c.json"), JSON.stringify(content));
        writeFileSync(join(locks, stack, "0b1c.json.attrs"), "{}");
      }
      assert.deepEqual(readLocks(folder, "sidecar-mesh", "dev"), [
        { ...content, file: join(locks, "dev", "0b1c.json") },
      ]);
      // Its holder has just removed it; a lock that can't be read is no reason to go on without it.
      symlinkSync("/nowhere", join(locks, "dev", "gone.json"));
      assert.equal(readLocks(folder, "sidecar-mesh", "dev").length, 1);
      writeFileSync(join(locks, "dev", "half.json"), "{");
      assert.throws(() => readLocks(folder, "sidecar-mesh", "dev"), SyntaxError);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
