import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureVolumeFolders, volumeNames, volumeObjects } from "./volumes";

describe("volumes", () => {
  it("have a folder each, that any user may write to", async () => {
    const folder = mkdtempSync(join(tmpdir(), "volumes-"));
    try {
      await ensureVolumeFolders(folder);
      for (const name of volumeNames()) {
        assert.equal(statSync(join(folder, name)).mode & 0o777, 0o777);
      }
      const text = JSON.stringify(volumeObjects(folder));
      assert.ok(volumeNames().every((name) => text.includes(join(folder, name))));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
