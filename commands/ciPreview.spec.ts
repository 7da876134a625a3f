import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { projectFolder, stackFile } from "./stackFiles";

/** Stands in for the Pulumi CLI: notes what it is asked, answers as the real one does, and fails previews of prod. */
const cli = `#!/bin/sh
echo "$@ KUBECONFIG=$KUBECONFIG" >> "$FAKE_LOG"
case "$*" in
  version) echo v3.999.0 ;;
  whoami*) exit 1 ;;
  "stack ls"*) echo '[]' ;;
  *preview*prod*) echo "error: preview failed"; exit 255 ;;
  *preview*) echo "Resources: + 57 to create" ;;
esac
`;

describe("npm run ci:preview", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ci-preview-"));
    writeFileSync(join(folder, "pulumi"), cli);
    chmodSync(join(folder, "pulumi"), 0o755);
  });
  after(() => rmSync(folder, { recursive: true }));

  function ciPreview(...args: string[]) {
    const markdown = join(folder, "preview.md");
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", "commands/ciPreview.ts", "--previews-only", "--markdown", markdown, ...args],
      {
        cwd: projectFolder,
        encoding: "utf8",
        env: {
          ...process.env,
          PATH: `${folder}${delimiter}${process.env.PATH}`,
          XDG_STATE_HOME: folder,
          FAKE_LOG: join(folder, "log"),
          GITHUB_STEP_SUMMARY: "",
        },
      },
    );
    return { status, stderr, markdown: existsSync(markdown) ? readFileSync(markdown, "utf8") : "" };
  }

  it("previews without CLI and cluster, and says what that leaves open", () => {
    const { status, stderr, markdown } = ciPreview("--engine", "in-process");
    assert.equal(status, 0, stderr);
    assert.match(stderr, /preview of dev: \d+ resources, 0 mandatory findings/);
    assert.match(stderr, /preview of prod: \d+ resources, 0 mandatory findings/);
    assert.match(markdown, /Known only once dev is applied[^]*Secret grafana-admin: stringData/);
    assert.match(markdown, /No cluster was asked/);
  });

  it("tells what changes since a commit, and refuses one that git does not know", () => {
    const { status, stderr } = ciPreview("--engine", "in-process", "--stacks", "dev", "--base", "HEAD");
    assert.equal(status, 0, stderr);
    assert.match(stderr, /preview of dev: .*, \d+ added, \d+ changed, \d+ removed/);
    const unknown = ciPreview("--engine", "in-process", "--stacks", "dev", "--base", "no-such-commit");
    assert.equal(unknown.status, 2);
    assert.match(unknown.stderr, /--base no-such-commit: git knows no such commit here/);
  });

  it("goes by the policies' settings, in-process and with the CLI, and refuses wrong ones", () => {
    const file = join(folder, "policies.yaml");
    const flags = ["--stacks", "dev", "--policy-config", file];
    writeFileSync(file, "profile: prod\nlevels: { images-pinned: mandatory }\n");
    const { status, stderr } = ciPreview("--engine", "cli", ...flags);
    assert.equal(status, 0, stderr);
    const asked = readFileSync(join(folder, "log"), "utf8");
    const [, config = ""] = /^preview --policy-pack policy --policy-pack-config (\S+)/m.exec(asked) ?? [];
    assert.match(readFileSync(config, "utf8"), /"profile": "prod"/);
    writeFileSync(file, "profil: prod\n");
    const wrong = ciPreview("--engine", "in-process", ...flags);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /--policy-config .*: profil is no setting: did you mean profile\?/);
  });

  it("asks the CLI for a preview with the policies, without any cluster, and fails if it does", () => {
    const before = readFileSync(stackFile("dev"));
    const { status, markdown } = ciPreview("--engine", "cli");
    assert.equal(status, 1);
    assert.match(
      markdown,
      /preview of `dev` \| \d+ resources, 0 mandatory findings, 0 advisory, pulumi preview passes/,
    );
    assert.match(markdown, /preview of `prod` \| \*\*.*pulumi preview fails/);
    assert.match(markdown, /Resources: \+ 57 to create/);
    const asked = readFileSync(join(folder, "log"), "utf8");
    assert.match(asked, /^preview --policy-pack policy .*--stack dev .* KUBECONFIG=.*no-kubeconfig$/m);
    assert.deepEqual(readFileSync(stackFile("dev")), before, "the stack's file is as it was");
  });
});
