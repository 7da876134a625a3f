import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { projectFolder } from "../../commands/session/stackFiles";

/** A module that a function loads when it needs it: no compiler looks whether the path leads to a file. */
const lateModule = /\brequireLate\("([^"]+)"\)/g;

/** Runs a script as Pulumi runs the program, and gives what it prints. */
function run(script: string): string {
  return execFileSync(process.execPath, ["--no-warnings", "--require", "./loader.cjs", "--eval", script], {
    cwd: projectFolder,
    encoding: "utf8",
  });
}

describe("modules that are loaded late", () => {
  it("are there", () => {
    const folders = ["cluster", "commands", "common", "components", "policy", "stacks", "toolchain"];
    const late = folders.flatMap((folder) =>
      readdirSync(join(projectFolder, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .flatMap((name) => {
          const file = join(projectFolder, folder, name);
          return [...readFileSync(file, "utf8").matchAll(lateModule)].map(([, path]) => ({ file, path: path! }));
        }),
    );
    assert.ok(late.length > 0);
    for (const { file, path } of late) {
      assert.doesNotThrow(() => createRequire(file).resolve(path), `${file} loads ${path}`);
    }
  });
});

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
