import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Desk } from "./browser";
import { openerOf, openPage } from "./browser";

describe("a page in the browser", () => {
  const linux = (env: NodeJS.ProcessEnv, ...commands: string[]): Desk => ({
    platform: "linux",
    env,
    has: (command) => commands.includes(command),
  });

  it("is opened by what the system has for it", () => {
    const bare = { env: {}, has: () => false };
    assert.deepEqual(openerOf({ ...bare, platform: "darwin" }), { command: "open", args: [] });
    assert.deepEqual(openerOf({ ...bare, platform: "win32" }), { command: "cmd", args: ["/c", "start", ""] });
    for (const env of [{ DISPLAY: ":0" }, { WAYLAND_DISPLAY: "wayland-0" }, { BROWSER: "firefox" }]) {
      assert.deepEqual(openerOf(linux(env, "xdg-open")), { command: "xdg-open", args: [] });
    }
    const inWindows = linux({ WSL_DISTRO_NAME: "Debian" }, "wslview", "xdg-open");
    assert.deepEqual(openerOf(inWindows), { command: "wslview", args: [] });
  });

  it("is left to the reader, with the reason, where there is no browser", () => {
    assert.match(JSON.stringify(openerOf(linux({}, "xdg-open"))), /no screen/);
    assert.match(JSON.stringify(openerOf(linux({ DISPLAY: ":0" }))), /xdg-open is not on PATH.*xdg-utils/);
  });

  it("gets the URL as it is, and a failure has its message", async () => {
    const folder = mkdtempSync(join(tmpdir(), "browser-"));
    try {
      const [script, asked] = [join(folder, "opener"), join(folder, "asked")];
      writeFileSync(script, `#!/bin/sh\nprintf %s "$2" > ${asked}\nexit 3\n`, { mode: 0o755 });
      const url = "http://localhost:3000/?a=1&b='2'";
      assert.equal(await openPage(url, { command: script, args: ["first"] }), `${script} ended with exit code 3`);
      assert.ok(existsSync(asked) && readFileSync(asked, "utf8") === url);
      assert.match((await openPage(url, { command: join(folder, "gone"), args: [] })) ?? "", /ENOENT/);
      assert.equal(await openPage(url, { command: "true", args: [] }), undefined);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
