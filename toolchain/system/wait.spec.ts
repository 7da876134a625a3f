import assert from "node:assert/strict";
import { withLock } from "./wait";
import { silent } from "./statusLine";

describe("withLock", () => {
  it("lets one in at a time, and the next one after a failure", async () => {
    const name = `lock-test-${process.pid}`;
    let inside = 0;
    const work = async (): Promise<void> => {
      inside++;
      assert.equal(inside, 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
      throw new Error("failed");
    };
    const results = await Promise.allSettled([withLock(name, silent, work), withLock(name, silent, work)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    assert.equal(await withLock(name, silent, () => Promise.resolve("free")), "free");
  });
});
