import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "./stackFiles";

/** Whoever runs the tests may be logged in. */
const nobody = { PULUMI_BACKEND_URL: undefined, PULUMI_ACCESS_TOKEN: undefined };

/** Stands in for the Pulumi CLI: notes what it is asked, and fails the update if told to. */
const cli = `#!/bin/sh
echo "$@" >> "$FAKE_LOG"
case "$*" in
  whoami*) exit 1 ;;
  "stack ls"*) echo '[]' ;;
  "stack output"*) echo '{}' ;;
  up*) exit "$FAKE_UP" ;;
esac
`;

describe("npm start with the Pulumi CLI", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cli-engine-"));
    writeFileSync(join(folder, "pulumi"), cli);
    chmodSync(join(folder, "pulumi"), 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** In a process of its own: where the user's state is kept is decided once in a process. */
  function up(settings: object, exitCode = 0) {
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", "test/support/upWithCli.ts", join(folder, "pulumi"), JSON.stringify(settings)],
      {
        cwd: projectFolder,
        encoding: "utf8",
        env: {
          ...process.env,
          ...nobody,
          PULUMI_HOME: folder,
          XDG_STATE_HOME: folder,
          FAKE_LOG: join(folder, "log"),
          FAKE_UP: String(exitCode),
        },
      },
    );
    return { status, stderr, asked: readFileSync(join(folder, "log"), "utf8") };
  }

  it("previews with the policies where config has secrets, so that what they refuse changes nothing", () => {
    const { status, stderr, asked } = up({});
    assert.equal(status, 0, stderr);
    assert.match(asked, /^up --yes --policy-pack policy --stack dev --config-file .*Pulumi\.dev\.yaml/m);
    assert.doesNotMatch(asked, /skip-preview/);
  });

  it("does not ask for a stack that its own backend has a file of", () => {
    const stacks = join(folder, "sidecar-mesh", "pulumi", ".pulumi", "stacks", "sidecar-mesh");
    assert.match(up({}).asked, /^stack ls/m);
    mkdirSync(stacks, { recursive: true });
    writeFileSync(join(stacks, "dev.json"), "{}");
    rmSync(join(folder, "log"));
    const { status, stderr, asked } = up({});
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(asked, /^(stack (ls|init)|whoami)/m);
  });

  it("hands the policies their settings, in Pulumi's format", () => {
    const { asked } = up({ levels: { "images-pinned": "disabled" }, closedWorld: true });
    const [, file = ""] = /^up .*--policy-pack-config (\S+)/m.exec(asked) ?? [];
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), {
      "mesh-settings": { closedWorld: true, levels: { "images-pinned": "disabled" } },
      "images-pinned": { enforcementLevel: "disabled" },
    });
  });

  it("fails if the policies refuse, and asks for nothing more", () => {
    const { status, stderr, asked } = up({}, 255);
    assert.equal(status, 1);
    assert.match(stderr, /pulumi up ended with exit code 255/);
    assert.doesNotMatch(asked, /stack output/);
    assert.ok(existsSync(join(folder, "sidecar-mesh", "runs", "dev.json")), "the run is known not to have ended well");
  });
});
