import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { projectFolder } from "../../commands/session/stackFiles";

/** Runs a script as Pulumi runs the program, and gives what it prints. */
function run(script: string): string {
  return execFileSync(process.execPath, ["--no-warnings", "--require", "./loader.cjs", "--eval", script], {
    cwd: projectFolder,
    encoding: "utf8",
  });
}

describe("the loader", () => {
  it("compiles TypeScript", () => {
    assert.equal(
      run('console.log(require("./common/nearest").nearest("serviecs", ["services", "profile"]))'),
      "services\n",
    );
  });

  it("leaves packages as they are: their modules, and what the SDK's functions do", () => {
    const script = `
      const { log } = require("@pulumi/pulumi");
      const original = require("@pulumi/pulumi/log");
      console.log(log.debug === original.debug, /engine/.test(original.debug.toString()));
      console.log(Object.values(require.cache).filter(({ exports }) => require("node:util").types.isProxy(exports)).length);
    `;
    assert.equal(run(script), "true true\n0\n");
  });
});
