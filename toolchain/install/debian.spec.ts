import assert from "node:assert/strict";
import { mirrorIn, packageFolder } from "./debian";
import { basePackages, dockerPackages } from "./pins";

describe("mirrorIn", () => {
  it("takes Debian's archive, not that of its security updates or of others", () => {
    const listing = [
      "Docker Docker https://docker.example/linux/debian/",
      "Debian Debian-Security http://mirror.example/debian-security/",
      "Debian Debian http://mirror.example/debian/",
      "Debian Debian http://other.example/debian/",
    ].join("\n");
    assert.equal(mirrorIn(listing), "http://mirror.example/debian/");
    assert.equal(mirrorIn("Ubuntu Ubuntu http://mirror.example/ubuntu/\n"), undefined);
  });
});

describe("packageFolder", () => {
  it("has another name for other packages", () => {
    const more = { ...basePackages, packages: [...basePackages.packages, "zstd/bookworm" as const] };
    const folders = [dockerPackages, basePackages, more].map((set) => packageFolder(set, "/cache"));
    assert.equal(new Set(folders).size, 3);
    assert.equal(packageFolder(basePackages, "/cache"), folders[1]);
  });
});
