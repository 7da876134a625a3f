import assert from "node:assert/strict";
import { tryRun } from "../system/run";
import { estimate, kindOfLine, type Part, progressText, timeText } from "./progress";

const core: Part = { name: "core", seconds: 400, packages: 1000, compiled: 0, downloaded: 0, state: "waiting" };
const loki: Part = { ...core, name: "loki", seconds: 100, packages: 200 };

describe("estimate", () => {
  it("counts what is done by seconds, not by packages", () => {
    assert.equal(estimate([core, loki], 0).percent, 0);
    assert.equal(estimate([{ ...core, state: "done" }, loki], 400).percent, 80);
    assert.equal(estimate([{ ...core, state: "at work", compiled: 500 }, loki], 200).percent, 36);
  });

  it("takes as long as expected before anything is known, and is corrected by the speed so far", () => {
    assert.equal(estimate([core, loki], 0).secondsLeft, 500);
    const twiceAsLong = estimate([{ ...core, state: "done" }, loki], 845);
    assert.equal(Math.round(twiceAsLong.secondsLeft), 200);
  });

  it("leaves a build for linking when every package is compiled, or more than expected are", () => {
    const linking: Part = { ...core, state: "at work", compiled: 1400 };
    assert.equal(estimate([linking], 400).percent, 90);
  });

  it("is done where there is nothing to do", () => assert.deepEqual(estimate([], 0), { percent: 100, secondsLeft: 0 }));
});

describe("progressText", () => {
  it("says percent, what is built now, and how long it takes", () => {
    const parts: Part[] = [{ ...core, state: "at work", compiled: 500 }, loki];
    assert.equal(progressText(parts, 180), "36 % built: core, 500 of 1000 packages compiled; about 5 min left");
  });

  it("names all that is at work, and tells downloading, compiling and linking apart", () => {
    const node: Part = { ...core, name: "node image", packages: undefined, state: "at work" };
    const text = (part: Partial<Part>) => progressText([{ ...loki, state: "at work", ...part }, node], 0)!;
    assert.match(text({ downloaded: 3 }), /loki, 3 modules downloaded; node image;/);
    assert.match(text({ compiled: 200 }), /loki is linked; node image;/);
    assert.match(text({}), /built: loki; node image;/);
  });

  it("says nothing while nothing is at work", () => assert.equal(progressText([core], 10), undefined));
});

describe("timeText", () => {
  it("is in minutes", () => {
    assert.deepEqual(
      [timeText(20), timeText(80), timeText(629)],
      ["less than a minute", "about 1 min", "about 10 min"],
    );
  });
});

describe("kindOfLine", () => {
  it("tells progress from complaints", () => {
    assert.equal(kindOfLine("go: downloading k8s.io/api v0.36.3"), "download");
    for (const line of ["k8s.io/api/core/v1", "internal/goos", "gopkg.in/yaml.v3"]) {
      assert.equal(kindOfLine(line), "package", line);
    }
    const complaints = ["# k8s.io/api/core/v1", "main.go:3:1: syntax error", "go: no such tool", "", "\tto: x"];
    for (const line of complaints) {
      assert.equal(kindOfLine(line), "complaint", line);
    }
  });

  it("keeps a command's complaints, and drops its progress", async () => {
    const { stderr } = await tryRun("sh", ["-c", "echo internal/goos >&2; echo '# a/b' >&2; echo 'x.go:1:1: no' >&2"], {
      onErrorLine: (line) => kindOfLine(line) !== "complaint",
    });
    assert.equal(stderr, "# a/b\nx.go:1:1: no\n");
  });
});
