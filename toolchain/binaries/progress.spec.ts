import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { tryRun } from "../system/run";
import { BuildProgress } from "./progress";

describe("BuildProgress", () => {
  it("distinguishes progress from errors", () => {
    const progress = new BuildProgress("core", () => undefined);
    for (const line of [
      "go: downloading k8s.io/api v0.36.3",
      "k8s.io/api/core/v1",
      "internal/goos",
      "gopkg.in/yaml.v3",
    ]) {
      assert.ok(progress.take(line), line);
    }
    const complaints = ["# k8s.io/api/core/v1", "main.go:3:1: syntax error", "go: no such tool", "", "\tto: x"];
    for (const line of complaints) {
      assert.ok(!progress.take(line), line);
    }
    progress.end();
  });

  it("says how far it is, only when it has come further, and nothing after the end", async () => {
    const said: string[] = [];
    const progress = new BuildProgress("core", (line) => said.push(line), 5);
    progress.take("go: downloading k8s.io/api v0.36.3");
    await sleep(30);
    progress.total = 2;
    progress.take("k8s.io/api/core/v1");
    await sleep(30);
    progress.end();
    progress.take("internal/goos");
    await sleep(30);
    assert.deepEqual(said, ["core: 1 modules downloaded", "core: 1 of at most 2 packages compiled"]);
  });

  it("keeps a command's complaints, and drops its progress", async () => {
    const progress = new BuildProgress("core", () => undefined);
    const { stderr } = await tryRun("sh", ["-c", "echo internal/goos >&2; echo '# a/b' >&2; echo 'x.go:1:1: no' >&2"], {
      onErrorLine: (line) => progress.take(line),
    });
    progress.end();
    assert.equal(stderr, "# a/b\nx.go:1:1: no\n");
  });
});
