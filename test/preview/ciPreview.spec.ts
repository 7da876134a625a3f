import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder, stackFile } from "../../commands/session/stackFiles";

describe("npm run ci:preview", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "ci-preview-"))));
  after(() => rmSync(folder, { recursive: true }));

  function ciPreview(...args: string[]) {
    const markdown = join(folder, "preview.md");
    rmSync(markdown, { force: true });
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        "--require",
        "./loader.cjs",
        "commands/preview/ciPreview.ts",
        "--previews-only",
        "--markdown",
        markdown,
        ...args,
      ],
      // A kubeconfig that can't be read must not matter: no cluster is asked.
      { cwd: projectFolder, encoding: "utf8", env: { ...process.env, KUBECONFIG: folder, GITHUB_STEP_SUMMARY: "" } },
    );
    return { status, stderr, markdown: existsSync(markdown) ? readFileSync(markdown, "utf8") : "" };
  }

  it("previews dev and prod with the pack and without a cluster, and says what that leaves open", () => {
    const before = readFileSync(stackFile("dev"));
    const { status, stderr, markdown } = ciPreview();
    assert.equal(status, 0, stderr);
    for (const stack of ["dev", "prod"]) {
      assert.match(
        stderr,
        new RegExp(`preview of ${stack}: pulumi preview passes, \\d{2,} resources, 0 mandatory findings`),
      );
    }
    assert.match(stderr, /✅ sidecar-mesh@/);
    assert.match(markdown, /Known only once dev is applied/);
    assert.match(markdown, /No cluster was asked/);
    assert.deepEqual(readFileSync(stackFile("dev")), before, "the stack's file is as it was");
  });

  it("needs no passphrase for a stack whose file has a salt, and no secret", () => {
    const file = stackFile("salted");
    // Of another passphrase than any here.
    const salt = "v1:g+8zDY9jPR8=:v1:Ka3Go8ub55IyXtC3:fM9debMkkT03deTnjIEe5YFVw4K02A==";
    writeFileSync(file, `config:\n  sidecar-mesh:profile: dev\nencryptionsalt: ${salt}\n`, { flag: "wx" });
    try {
      const { status, stderr } = ciPreview("--stacks", "salted");
      assert.equal(status, 0, stderr);
    } finally {
      rmSync(file);
    }
  });

  it("fails with what a policy forbids, naming resource and field", () => {
    const file = join(folder, "policies.yaml");
    writeFileSync(file, "levels: { dashboards-not-public: mandatory }\n");
    const flags = ["--stacks", "dev", "--policy-config", file, "-c", "dashboardsExposed=true"];
    const { status, markdown } = ciPreview(...flags);
    assert.equal(status, 1);
    assert.match(
      markdown,
      /## Preview: fails[^]*\*\*mandatory\*\* \| `dashboards-not-public` \| VirtualService demo\/demo-vs/,
    );
  });

  it("reports what changes since a commit, and refuses one that git does not know", () => {
    const { status, stderr } = ciPreview("--stacks", "dev", "--base", "HEAD");
    assert.equal(status, 0, stderr);
    assert.match(stderr, /preview of dev: .*, \d+ to create, \d+ to update, \d+ to replace, \d+ to delete/);
    const unknown = ciPreview("--stacks", "dev", "--base", "no-such-commit");
    assert.equal(unknown.status, 2);
    assert.match(unknown.stderr, /--base no-such-commit: git knows no such commit here/);
  });

  it("fails if the program does, with what it says", () => {
    const { status, stderr } = ciPreview("--stacks", "dev", "-c", "gatewayServiceType=Nodeport");
    assert.equal(status, 1);
    assert.match(stderr, /preview of dev: pulumi preview fails/);
    assert.match(stderr, /gatewayServiceType/);
  });

  it("refuses wrong settings of the policies before it previews", () => {
    const file = join(folder, "wrong.yaml");
    writeFileSync(file, "profil: prod\n");
    const { status, stderr } = ciPreview("--stacks", "dev", "--policy-config", file);
    assert.equal(status, 2);
    assert.match(stderr, /--policy-config .*: profil is no setting: did you mean profile\?/);
  });
});
