import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFolder, isLeftover, removeLeftovers } from "./leftovers";

describe("isLeftover", () => {
  const runs = (pid: number) => pid === 7;
  it("is what a process that has ended made", () => {
    assert.ok(isLeftover("core-8cd74d8a4615.tmp-8-aB3dE9", 0, runs));
    assert.ok(isLeftover("context-8-aB3dE9", 0, runs));
    assert.ok(!isLeftover("context-7-aB3dE9", 1e9, runs));
    assert.ok(!isLeftover("core-8cd74d8a4615", 1e9, runs));
  });

  it("is one of an earlier version after an hour", () => {
    assert.ok(isLeftover("context-aB3dE9", 4_000_000, runs));
    assert.ok(!isLeftover("context-aB3dE9", 60_000, runs));
  });
});

describe("makeFolder", () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), "cache-"));
    mkdirSync(join(cache, "binaries"));
  });
  afterEach(() => rmSync(cache, { recursive: true }));

  it("leaves nothing behind if it fails", async () => {
    const fails = makeFolder(join(cache, "binaries", "x"), () => Promise.reject(new Error("no")));
    await assert.rejects(fails, /no/);
    assert.deepEqual(readdirSync(join(cache, "binaries")), []);
  });

  it("leaves what the next start removes if it is killed", async () => {
    const target = join(cache, "binaries", "x");
    const script =
      `require("./toolchain/system/leftovers").makeFolder(${JSON.stringify(target)}, ` +
      `() => new Promise(() => { console.log("ready"); setInterval(() => {}, 1000); }))`;
    const child = spawn(process.execPath, ["--import", "tsx", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    mkdirSync(join(cache, `context-${child.pid}-aB3dE9`));
    assert.deepEqual(await removeLeftovers(cache), []);
    child.kill("SIGKILL");
    await once(child, "close");
    assert.equal((await removeLeftovers(cache)).length, 2);
    assert.deepEqual(readdirSync(cache), ["binaries"]);
    assert.equal(existsSync(target), false);
  });
});
