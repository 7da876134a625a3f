import assert from "node:assert/strict";
import { withinTime } from "./deadline";

describe("a call with a deadline", () => {
  it("gives what it gives, and throws what it throws", async () => {
    assert.equal(await withinTime(() => Promise.resolve(1), 1000), 1);
    await assert.rejects(
      withinTime(() => Promise.reject(new Error("refused")), 1000),
      /^Error: refused$/,
    );
  });

  it("is given up once it takes too long", async () => {
    await assert.rejects(
      withinTime(() => new Promise(() => undefined), 20),
      /^Error: no answer after 0.02 s$/,
    );
  });
});
