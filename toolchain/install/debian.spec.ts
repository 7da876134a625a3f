import assert from "node:assert/strict";
import { comparePins, installedPackages } from "./debian";

const listing = "ii \trunc\t1.1\nrc \tiptables\t1.8\nii \tconntrack\t1:2\n";

describe("debian packages", () => {
  it("counts only what is fully installed", () => {
    assert.deepEqual([...installedPackages(listing).keys()], ["runc", "conntrack"]);
  });
  it("asks for what is missing, and remarks on another version instead of failing", () => {
    const pins = [
      { name: "runc", version: "1.0" },
      { name: "iptables", version: "1.8" },
      { name: "conntrack", version: "1:2" },
    ];
    const { missing, remarks } = comparePins(pins, installedPackages(listing));
    assert.deepEqual(
      missing.map(({ name }) => name),
      ["iptables"],
    );
    assert.deepEqual(remarks, ["runc is 1.1; the sandbox was measured with 1.0"]);
  });
});
