import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Mocha from "mocha";
import { projectFolder } from "../../commands/session/stackFiles";

/** What mocha gives to a spec, and would give to this one in another instance's name. */
const given = ["describe", "context", "it", "specify", "before", "after", "beforeEach", "afterEach", "run"] as const;

/** Specs that are loaded, and not run. */
class Loaded extends Mocha {
  constructor(files: readonly string[]) {
    super();
    files.forEach((file) => this.addFile(file));
    this.loadFiles();
  }
}

describe("the cluster tests", () => {
  const { XDG_STATE_HOME: before } = process.env;
  const own = given.map((name) => [name, (globalThis as Record<string, unknown>)[name]]);
  afterEach(() => {
    Object.assign(globalThis, Object.fromEntries(own));
    delete process.env.XDG_STATE_HOME;
    Object.assign(process.env, before !== undefined && { XDG_STATE_HOME: before });
  });

  it("load where there is no cluster yet, which their first hook brings", () => {
    process.env.XDG_STATE_HOME = join(tmpdir(), "no-sandbox-here");
    const folder = join(projectFolder, "test", "cluster");
    const files = readdirSync(folder).filter((file) => file.endsWith(".spec.ts"));
    const { suite } = new Loaded(files.map((file) => join(folder, file)));
    assert.ok(suite.total() > 50, `${suite.total()} tests`);
  });
});
