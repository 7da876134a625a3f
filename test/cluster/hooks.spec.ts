import { sandboxInfo } from "../../sandbox";
import { npm } from "./cluster";
import assert from "node:assert/strict";

let wasRunning = false;

before("start the embedded cluster", async function () {
  wasRunning = (await sandboxInfo()) !== undefined;
  const { code } = await npm("sandbox", "up");
  assert.equal(code, 0, "npm run sandbox -- up");
});

after("end the embedded cluster, if it was not there before", async function () {
  if (!wasRunning) {
    const { code } = await npm("sandbox", "down");
    assert.equal(code, 0, "npm run sandbox -- down");
  }
});
