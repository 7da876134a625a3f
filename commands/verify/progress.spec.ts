import assert from "node:assert/strict";
import type { Result } from "./check";
import { progressOf } from "./progress";
import { checks } from "./checks";
import { resultLine } from "./report";

const result: Result = {
  name: "metrics",
  description: "a request is counted",
  verdict: "pass",
  evidence: `${"user-service 12 requests, ".repeat(8)}done`,
  ms: 1,
};

describe("resultLine", () => {
  it("keeps long evidence in its own column, within the terminal", () => {
    for (const width of [100, 120, 160]) {
      const lines = resultLine(result, width).split("\n");
      const column = lines[0]!.indexOf("user-service");
      assert.ok(lines.length > 2);
      assert.ok(lines.every((line) => line.length <= width));
      assert.ok(lines.slice(1).every((line) => line.search(/\S/) === column));
    }
  });

  it("has room for the name of every check", () => {
    for (const { name } of checks) {
      assert.ok(resultLine({ ...result, name }).includes(`${name} `), name);
    }
  });
});

describe("progressOf", () => {
  const run = (isTTY: boolean) => {
    const written: string[] = [];
    const rows: string[] = [];
    const write = (text: string | Uint8Array) => written.push(String(text)) > 0;
    const on = progressOf((line) => rows.push(line), { isTTY, columns: 120, write });
    on.start?.("metrics");
    on.start?.("traces");
    on.result?.(result);
    return { written: written.join("|"), rows };
  };

  it("shows in a terminal which checks run", () => {
    const { written, rows } = run(true);
    assert.match(written, /running {2}metrics, traces/);
    assert.match(written, /running {2}traces$/);
    assert.equal(rows.length, 1);
  });

  it("prints rows alone where there is no terminal", () => {
    assert.equal(run(false).written, "");
  });
});
