import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { endOfTar, entrySize, padding, tarHeader } from "./tar";

describe("tar", () => {
  it("is read by tar", () => {
    const long = `${"d".repeat(90)}/${"e".repeat(60)}/f`;
    const archive = Buffer.concat([
      tarHeader({ name: "etc/", kind: "folder" }),
      tarHeader({ name: "etc/a", kind: "file", size: 5, mode: 0o600, uid: 1337 }),
      Buffer.from("hello"),
      padding(5),
      tarHeader({ name: "etc/b", kind: "link", target: "a" }),
      tarHeader({ name: long, kind: "file" }),
      endOfTar,
    ]);
    const listing = execFileSync("tar", ["--numeric-owner", "-tvf", "-"], { input: archive, encoding: "utf8" });
    assert.match(listing, /^drwxr-xr-x 0\/0 .* etc\/\n-rw------- 1337\/1337 +5 .* etc\/a\nl.* etc\/b -> a\n/);
    assert.ok(listing.includes(long));
  });
  it("knows how long an entry is", () => {
    assert.equal(entrySize(0), 512);
    assert.equal(entrySize(512), 1024);
    assert.equal(entrySize(513), 1536);
  });
  it("refuses a path it cannot hold", () => {
    assert.throws(() => tarHeader({ name: "x".repeat(300), kind: "file" }), /too long/);
  });
});
