import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../../commands/stackFiles";

/** Runs a script as Pulumi runs the program, and gives what it prints. */
function run(script: string): string {
  return execFileSync(process.execPath, ["--no-warnings", "--require", "./loader.cjs", "--eval", script], {
    cwd: projectFolder,
    encoding: "utf8",
  });
}

describe("the loader", () => {
  it("keeps the compiler and npm's installer unloaded, which the SDK alone would load", () => {
    const printed = run(`
      require("./stacks/configReader");
      require("@pulumi/kubernetes");
      console.log(Object.keys(require.cache).filter((path) => /arborist.lib.arborist|typescript.lib/.test(path)).length);
    `);
    assert.equal(printed, "0\n");
  });

  it("loads them once the SDK uses them", () => {
    const printed = run(`
      const { runtime } = require("@pulumi/pulumi");
      runtime.serializeFunction((name) => "hello " + name).then(({ text }) => console.log(text));
    `);
    assert.match(printed, /return \(name\) => "hello " \+ name/);
  });

  it("names the line of the TypeScript in a stack trace", () => {
    const printed = run(`
      try {
        require("./components/durations").milliseconds(Symbol());
      } catch (error) {
        console.log(error.stack);
      }
    `);
    const lines = readFileSync(join(projectFolder, "components/durations.ts"), "utf8").split("\n");
    const thrower = lines.findIndex((line) => line.includes(".test(text)")) + 1;
    assert.match(printed, new RegExp(`durations\\.ts:${thrower}:`));
  });
});
