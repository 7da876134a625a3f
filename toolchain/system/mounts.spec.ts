import assert from "node:assert/strict";
import { mountsBelow } from "./mounts";

describe("mountsBelow", () => {
  it("gives the last mounted first, and reads escaped names", () => {
    const mountinfo = [
      "1 0 254:0 / / rw - ext4 /dev/vda rw",
      "2 1 0:5 / /s/run rw - tmpfs tmpfs rw",
      "3 2 0:6 / /s/run/a\\040b rw - overlay overlay rw",
      "4 1 0:7 / /s2 rw - tmpfs tmpfs rw",
      "",
    ].join("\n");
    assert.deepEqual(mountsBelow(mountinfo, "/s"), ["/s/run/a b", "/s/run"]);
  });
});
