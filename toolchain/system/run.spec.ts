import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measured, measurementsVariable, processorSeconds, run, timedCommand, tryRun } from "./run";

describe("timedCommand", () => {
  it("tells the processor time of a command, and leaves its result as it is", async () => {
    const spin =
      "let i = 0; while (process.cpuUsage().user < 200000) i++; console.log('out'); console.error('no'); process.exit(3)";
    let seconds = 0;
    const [command, args] = timedCommand(process.execPath, ["-e", spin]);
    const { code, stdout, stderr } = await tryRun(command, args, {
      onErrorLine: (line) => {
        const more = processorSeconds(line);
        seconds += more ?? 0;
        return more !== undefined;
      },
    });
    assert.deepEqual([code, stdout, stderr], [3, "out\n", "no\n"]);
    assert.ok(seconds >= 0.2 && seconds < 5, String(seconds));
  });
});

describe("run", () => {
  it("fails with what the command said, though its standard error has nothing but colors", async () => {
    const says = (text: string) => run("sh", ["-c", `${text}; exit 3`]);
    const ofOutput = says("printf '\\033[31mbroken\\033[m'; printf '\\033[0m' >&2");
    await assert.rejects(ofOutput, /exit code 3\nbroken$/);
    await assert.rejects(says("echo out; echo no >&2"), /exit code 3\nno$/);
  });
});

describe("processorSeconds", () => {
  it("reads the times of bash, and no other line", () => {
    assert.equal(processorSeconds("1m2.500s 0m3.250s"), 65.75);
    assert.equal(processorSeconds("k8s.io/api/core/v1"), undefined);
  });
});

describe("measured", () => {
  it("notes a part where that is asked for", async () => {
    const folder = mkdtempSync(join(tmpdir(), "measurements-"));
    const file = join(folder, "parts");
    try {
      assert.equal(await measured("nothing", () => Promise.resolve(1)), 1);
      process.env[measurementsVariable] = file;
      await measured(
        "core",
        () => Promise.resolve(2),
        () => 7,
      );
      const { name, from, to, cpuSeconds } = JSON.parse(readFileSync(file, "utf8"));
      assert.deepEqual([name, cpuSeconds], ["core", 7]);
      assert.ok(to >= from);
    } finally {
      delete process.env[measurementsVariable];
      rmSync(folder, { recursive: true });
    }
  });
});
