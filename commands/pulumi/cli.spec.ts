import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mayBeLoggedIn } from "./pulumiCli";

describe("mayBeLoggedIn", () => {
  let folder: string;
  const project = (text: string) => writeFileSync(join(folder, "Pulumi.yaml"), text);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pulumi-home-"));
    project("name: sidecar-mesh\nruntime: nodejs\n");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is told by what the CLI keeps of a login, by a token, or by the project's own backend", () => {
    const home = { PULUMI_HOME: folder };
    assert.equal(mayBeLoggedIn(home, folder), false);
    assert.equal(mayBeLoggedIn({ ...home, PULUMI_ACCESS_TOKEN: "pul-1" }, folder), true);
    project("name: sidecar-mesh\nbackend:\n  url: s3://state\n");
    assert.equal(mayBeLoggedIn(home, folder), true);
    project("name: sidecar-mesh\n");
    writeFileSync(join(folder, "credentials.json"), "{}");
    assert.equal(mayBeLoggedIn(home, folder), true);
  });
});
