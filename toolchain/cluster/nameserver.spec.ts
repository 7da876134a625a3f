import assert from "node:assert/strict";
import { reachableNameservers } from "./nameserver";

describe("reachableNameservers", () => {
  it("leaves out this machine's own", () => {
    const text = "# nameserver 9.9.9.9\nnameserver 127.0.0.53\nnameserver ::1\nnameserver 10.0.0.1\nsearch x\n";
    assert.deepEqual(reachableNameservers(text), ["10.0.0.1"]);
  });
});
