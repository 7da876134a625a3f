import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { InterruptedError } from "./process";
import { PulumiStack } from "./stack";

describe("PulumiStack", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stack-"));
    writeFileSync(join(folder, "Pulumi.yaml"), "name: sidecar-mesh\nruntime: nodejs\nconfig: {}\n");
    mkdirSync(join(folder, "config"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** A Pulumi CLI that works until it is asked to end, and then takes a moment. */
  function command(): string {
    const file = join(folder, "pulumi");
    writeFileSync(
      file,
      `#!/bin/sh
if [ "$1" = stack ]; then
  echo '[{"name": "dev"}]'
  exit
fi
trap 'sleep 0.2; echo got >> ${folder}/got; exit 255' TERM
echo > ${folder}/waiting
while true; do sleep 0.1; done
`,
      { mode: 0o755 },
    );
    return file;
  }

  it("passes a signal on to a preview that is not shown, and waits for its end", async () => {
    const cli = { command: command(), version: "3", source: "the npm package pulumi" as never };
    const options = { folder, env: {}, configFolder: join(folder, "config") };
    const stack = await PulumiStack.open(cli, { stack: "dev", settings: {} }, options);
    const preview = assert.rejects(stack.tryPreview([]), (error) => {
      assert.ok(error instanceof InterruptedError);
      assert.equal(error.exitCode, 143);
      return true;
    });
    while (!existsSync(join(folder, "waiting"))) {
      await sleep(20);
    }
    process.kill(process.pid, "SIGTERM");
    await preview;
    assert.equal(readFileSync(join(folder, "got"), "utf8"), "got\n");
  });
});
