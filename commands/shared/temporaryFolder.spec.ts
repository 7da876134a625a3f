import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../session/stackFiles";
import { withTemporaryFolder } from "./temporaryFolder";

describe("withTemporaryFolder", () => {
  it("gives a folder for this user alone, and leaves neither it nor a listener, however its use ends", async () => {
    const before = process.listenerCount("SIGTERM");
    let used = "";
    await assert.rejects(
      withTemporaryFolder((folder) => {
        used = folder;
        assert.equal(statSync(folder).mode & 0o777, 0o700);
        return withTemporaryFolder(() => Promise.reject(new Error("broken")));
      }),
      /broken/,
    );
    assert.ok(!existsSync(used));
    assert.equal(process.listenerCount("SIGTERM"), before);
  });

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    it(`removes it when ${signal} ends the process`, async () => {
      const program = `
        const { withTemporaryFolder } = require("./commands/shared/temporaryFolder.ts");
        withTemporaryFolder((folder) => (console.log(folder), new Promise((end) => setTimeout(end, 20000))));`;
      const child = spawn(process.execPath, ["--require", join(projectFolder, "loader.cjs"), "--eval", program], {
        cwd: projectFolder,
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = (await once(child.stdout, "data")) as [Buffer];
      assert.ok(existsSync(line.toString().trim()));
      child.kill(signal);
      assert.deepEqual(await once(child, "exit"), [null, signal]);
      assert.ok(!existsSync(line.toString().trim()));
    });
  }
});
