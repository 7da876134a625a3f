import assert from "node:assert/strict";
import { gatherPins } from "./outdated";
import type { Pin } from "./pin";
import { describePins, mergePins, verdictOf } from "./pin";

const pins: Pin[] = [
  { what: "a", ours: "1.0.0", newest: "2.0.0", where: ["package.json"] },
  { what: "b", ours: "1.0.0", newest: "1.0.0", where: ["package.json"] },
  { what: "c", ours: "1", where: ["x.ts"], problem: "no answer of x" },
  { what: "d", ours: "2", where: ["x.ts"], problem: "no answer of x" },
];

describe("npm run outdated", () => {
  it("says of a pin whether there is a later version, or that it is not known", () => {
    assert.deepEqual(pins.map(verdictOf), ["outdated", "current", "unknown", "unknown"]);
  });

  it("has one row for what several files pin alike", () => {
    const pin = { what: "a", ours: "1", newest: "2" };
    const merged = mergePins([
      { ...pin, where: ["x"] },
      { ...pin, where: ["y"] },
      { ...pin, where: ["x"] },
      { ...pin, ours: "0", where: ["z"] },
    ]);
    assert.deepEqual(merged, [
      { ...pin, where: ["x", "y"] },
      { ...pin, ours: "0", where: ["z"] },
    ]);
  });

  it("lists what is outdated, what is not known, and who was not asked", () => {
    assert.deepEqual(describePins(pins, ["charts: no answer"]), [
      "what  ours   newest  where it is pinned",
      "a     1.0.0  2.0.0   package.json",
      "",
      "The newest version is not known of:",
      "  c 1, d 2: no answer of x",
      "",
      "Not asked:",
      "  charts: no answer",
      "",
      "4 pins: 1 outdated, 1 current, 2 unknown",
    ]);
    assert.match(describePins(pins, [], true).join("\n"), /^b {5}1\.0\.0 {2}1\.0\.0 {3}package\.json$/m);
    assert.deepEqual(describePins([pins[1]!], []), ["1 pins: 0 outdated, 1 current, 0 unknown"]);
  });

  it("names two files of a pin and counts the others", () => {
    const where = ["a", "b", "c", "d"];
    assert.match(describePins([{ ...pins[0]!, where }], []).join("\n"), /2\.0\.0 +a, b, 2 more$/m);
  });

  it("goes on where a registry cannot be asked, and says so", async () => {
    const { pins: found, problems } = await gatherPins({
      first: () => Promise.reject(new Error("it is down")),
      second: () => Promise.resolve([pins[0]!]),
    });
    assert.deepEqual(found, [pins[0]]);
    assert.deepEqual(problems, ["first: it is down"]);
  });
});
